// midikompanion_test MODELS_DIR GOLDEN SCRATCH_DIR: everything that can go wrong, in stub mode and with ONNX Runtime.
#include "allocations.hpp"
#include "golden.hpp"
#include "json.hpp"
#include "session.hpp"
#include "midikompanion/queue.hpp"
#include <cstdio>
#include <fstream>
#include <iterator>
#include <limits>
#include <thread>

namespace fs = std::filesystem;
using namespace midikompanion;

namespace {

int passed = 0, failed = 0;

void check(bool right, const std::string& what)
{
    ++(right ? passed : failed);
    if (!right) std::printf("FAILED %s\n", what.c_str());
}

void check_small(const Compared& seen, double tolerance, const std::string& what)
{
    check(seen.within(tolerance), what + ": off by " + std::to_string(seen.largest) + " in " + std::to_string(seen.cases) + " cases");
}

const Expected melody_file{"melody_transformer", {embedding.name, embedding.width, embedding.slots}, {notes.name, notes.width, notes.slots}};
const float nan = std::numeric_limits<float>::quiet_NaN();

bool is_neutral(Network network, const float* output)
{
    std::array<float, largest_width> expected{};
    neutral(network, expected.data());
    return std::equal(output, output + spec(network).output->width, expected.begin());
}

// An input in the middle of its ranges.
std::array<float, largest_width> middle(Network network)
{
    std::array<float, largest_width> x{};
    const Vector& v = *spec(network).input;
    for (std::size_t r = 0, i = 0; r < v.range_count; ++r)
        for (std::size_t k = 0; k < v.ranges[r].count; ++k) x[i++] = std::isfinite(v.ranges[r].high) ? (v.ranges[r].low + v.ranges[r].high) / 2 : 0;
    return x;
}

void test_emotion(const Golden& golden)
{
    check_small(compare_encode(golden), code_tolerance, "encode as Python does");
    check_small(compare_decode(golden), code_tolerance, "decode as Python does");
    Compared trip;
    for (double v = -1; v <= 1; v += 0.0625, ++trip.cases) {
        const Emotion e = decode(encode(Emotion{v, -v, v / 2, (v + 1) / 2}));
        for (const double off : {e.valence - v, e.arousal + v, e.dominance - v / 2, e.intensity - (v + 1) / 2}) trip.see(off);
    }
    check_small(trip, 0.01, "there and back");
    constexpr double lowest[bumps] = {0.7, -0.2, -0.8, 0.5, -0.3, -0.3, -0.8, 0.5, -0.3, 0.4, -0.4, 0.4, -0.6, -0.7, -0.1, -0.1};
    constexpr double highest[bumps] = {-1, -0.5, -0.9, -0.6, 0.8, -1, -0.3, 0.4, -0.5, 0, -0.1, 0.1, -0.6, -0.3, -0.6, 0.6};
    CodeOf<double> wild; // nearest to an end of the range, though next to the end is worse than the middle
    for (std::size_t d = 0; d < dimensions.size(); ++d) std::copy_n(d % 2 ? highest : lowest, bumps, wild.begin() + std::ptrdiff_t(d * bumps));
    const Emotion ends = decode(wild);
    check(ends.valence == -1 && ends.arousal == 1 && ends.dominance == -1 && ends.intensity == 1, "a wild code is decoded as Python does");
    const Code outside = encode(Emotion{7, -7, 7, -7}), inside = encode(Emotion{1, -1, 1, 0});
    check(outside == inside, "values outside their range are moved to its end");
    check(std::isnan(encode(Emotion{double(nan), 0, 0, 0})[0]), "NaN stays NaN");
    Code damaged{};
    damaged.fill(nan);
    check(std::isnan(decode(damaged).valence), "a code of NaN");
    damaged.fill(std::numeric_limits<float>::infinity());
    decode(damaged); // whatever it is, without undefined behaviour
}

void test_neutral()
{
    for (std::size_t n = 0; n < models.size(); ++n) {
        const Vector& v = *models[n].output;
        const std::string name = models[n].name;
        std::array<float, largest_width> once{}, twice{};
        neutral(Network(n), once.data());
        neutral(Network(n), twice.data());
        check(once == twice, name + ": the same neutral output twice");
        bool in_range = true;
        float sum = 0;
        for (std::size_t r = 0, i = 0; r < v.range_count; ++r)
            for (std::size_t k = 0; k < v.ranges[r].count; ++k, ++i) {
                in_range = in_range && once[i] >= v.ranges[r].low && once[i] <= v.ranges[r].high;
                sum += once[i];
            }
        check(in_range, name + ": a neutral output in range");
        if (&v == &chords) check(std::abs(sum - 1) < 1e-6f, name + ": neutral chords sum to 1");
        check(std::all_of(once.begin() + std::ptrdiff_t(v.width), once.end(), [](float x) { return x == 0; }), name + ": not written past its width");
    }
    Code code;
    neutral(Network::emotion_recognizer, code.data());
    const Emotion e = decode(code);
    check(std::abs(e.valence) < 1e-3 && std::abs(e.intensity - 0.5) < 1e-3, "the neutral code is the neutral emotion");
}

void test_queue()
{
    Queue<int, 4> queue;
    int x = -1;
    check(!queue.pop(x) && x == -1, "an empty queue gives nothing");
    for (int i = 0; i < 4; ++i) check(queue.push(i), "a queue takes as many as it can hold");
    check(!queue.push(4), "a full queue refuses");
    for (int i = 0; i < 4; ++i) check(queue.pop(x) && x == i, "first in, first out");
    check(!queue.pop(x) && x == 3, "an emptied queue gives nothing");
    bool in_order = true;
    for (int i = 0; i < 1000; ++i) {
        in_order = in_order && queue.push(2 * i) && queue.push(2 * i + 1);
        in_order = in_order && queue.pop(x) && x == 2 * i && queue.pop(x) && x == 2 * i + 1;
    }
    check(in_order, "round and round");

    struct Message { long number; std::array<long, 16> body; };
    constexpr long messages = 200000;
    Queue<Message, 64> shared;
    std::thread producer([&] {
        for (long i = 0; i < messages; ++i) {
            Message m{i, {}};
            m.body.fill(i);
            while (!shared.push(m)) std::this_thread::yield();
        }
    });
    bool whole = true;
    for (long i = 0; i < messages;) {
        Message m{};
        if (!shared.pop(m)) {
            std::this_thread::yield();
            continue;
        }
        whole = whole && m.number == i && std::all_of(m.body.begin(), m.body.end(), [i](long b) { return b == i; });
        ++i;
    }
    producer.join();
    check(whole && !shared.pop(*std::make_unique<Message>()), "two threads: every message once, in order and whole");
}

std::string side(const Vector& v, bool slots_first)
{
    std::string slots = "\"slots\"\n:\t[";
    for (std::size_t i = 0; i < v.width; ++i) slots += std::string(i ? " ,\"" : " \"") + v.slots[i] + "\"";
    slots += " ]";
    const std::string rest = "\"meaning\":\"a \\\"quoted\\\" } ] , : \\\\\",\"low\":[null,-1.0e0],\"width\" : " + std::to_string(v.width) + ",\"name\":\"" + v.name + "\"";
    return "{ " + (slots_first ? slots + " , " + rest : rest + "," + slots) + " }";
}

void test_contract()
{
    const std::string version = std::string("\"contract_version\":\"") + contract_version + "\"", model = "\"model\" :\"melody_transformer\"";
    const std::string in = "\"input\":" + side(embedding, false), out = "\"output\":\n" + side(notes, true);
    const auto object = [](const std::string& a, const std::string& b, const std::string& c, const std::string& d) { return " {" + a + ",\n" + b + " ," + c + "," + d + "}"; };
    const std::string whole = object(version, model, in, out);
    check(contract_problem(whole, melody_file).empty(), "a contract: " + contract_problem(whole, melody_file));
    check(contract_problem(object(out, in, model, version), melody_file).empty(), "a contract in another order");

    const auto refused = [&](const std::string& text, const std::string& why) {
        const std::string said = contract_problem(text, melody_file);
        check(said == why, "a contract is refused: '" + said + "' is not '" + why + "'");
    };
    const auto with = [&](std::string from, const std::string& to) {
        std::string text = whole;
        return text.replace(text.find(from), from.size(), to);
    };
    const std::string ours = contract_version;
    refused("", "metadata without a contract: expected a file that export_to_onnx wrote");
    refused("[1, 2]", "contract_version none: expected " + ours);
    refused(with(version, "\"contract_version\":\"9.9\""), "contract_version 9.9: expected " + ours);
    refused(with(version, "\"contract_version\":[1]"), "contract_version [1]: expected " + ours);
    refused(with(model, "\"model\":\"groove_predictor\""), "model groove_predictor: expected melody_transformer");
    refused(with("\"width\" : 64", "\"width\" : 32"), "input width 32: expected 64");
    refused(with("\"width\" : 128", "\"width\" : 1e9"), "output width 1e9: expected 128");
    refused(with("\"name\":\"embedding\"", "\"name\":\"code\""), "input name code: expected embedding");
    refused(with("valence_03", "valenz_03"), "input slot 3 valenz_03: expected valence_03");
    refused(with(" ,\"pitch_127\"", ""), "output slots 127: expected 128");
    refused(with(model, "\"model\":\"" + std::string(1000, 'x') + "\""), "model " + std::string(194, 'x') + "...: expected melody_transformer");
    for (std::size_t n = 0; n + 1 < whole.size(); ++n) // all but the last bracket; on the heap, where the sanitizer sees a step too far
        if (contract_problem(std::string(whole.data(), n), melody_file).empty()) check(false, "a contract cut at " + std::to_string(n));

    const Expected sound_file{"audio_features", {"audio", 0, nullptr}, {audio_features.name, audio_features.width, audio_features.slots}};
    const auto heard = [&](const std::string& limits) {
        return contract_problem(object(version, "\"model\":\"audio_features\"", "\"input\":{\"name\":\"audio\"" + limits + "}", "\"output\":" + side(audio_features, false)), sound_file);
    };
    check(heard(",\"max_sec\":120.0,\"min_samples\":11025").empty(), "a contract of what measures sound");
    check(heard(",\"max_sec\":120.0") == "input min_samples none: expected a number from 1 to 1000000", "a contract without its shortest sound");
    check(heard(",\"min_samples\":1,\"max_sec\":999999999") == "input max_sec 999999999: expected a number from 1 to 1000000", "a contract without end");
    const std::string deep(100000, '[');
    refused("{\"input\":" + deep, "contract_version none: expected " + ours);
}

// All that a plugin does on its calling path; `sound` is measured when it is not empty.
void call_all(Models& loaded, const std::vector<float>& sound, AudioFeatures& features)
{
    Output<Network::melody_transformer> notes_out;
    Output<Network::groove_predictor> groove_out;
    std::array<float, largest_width> out;
    Queue<Emotion, 2> queue;
    Emotion e{0.3, -0.2, 0.1, 0.6};
    queue.push(e);
    queue.pop(e);
    loaded.run<Network::melody_transformer>(encode(e), notes_out);
    Input<Network::groove_predictor> activity;
    activity.fill(0.5f);
    loaded.run<Network::groove_predictor>(activity, groove_out);
    for (std::size_t n = 0; n < models.size(); ++n) loaded.run(Network(n), middle(Network(n)).data(), out.data());
    loaded.run(Network::dynamics_engine, std::array<float, largest_width>{nan}.data(), out.data()); // refused
    if (!sound.empty()) loaded.measure(sound.data(), sound.size(), features);
    Code code;
    neutral(Network::emotion_recognizer, code.data());
    decode(code);
}

void test_allocations(Models& loaded, const std::vector<float>& sound)
{
    AudioFeatures features;
    call_all(loaded, sound, features); // to warm up
    allocations::all = allocations::ours = 0;
    allocations::counting = true;
    ::operator delete(::operator new(1));
    const bool counts = allocations::ours == 1;
    call_all(loaded, {}, features);
    const long networks = allocations::all - 1;
    call_all(loaded, sound, features);
    allocations::counting = false;
    check(counts, "allocations are counted");
    if (allocations::told_apart || !Models::has_onnx())
        check(allocations::ours == 1, "the calling path allocates " + std::to_string(allocations::ours - 1) + " times");
    if (!Models::has_onnx()) check(allocations::all == 1, "stub mode allocates nothing at all");
    std::printf("allocations after warm-up: %ld in our code; inside ONNX Runtime %ld for seven answers of networks, %ld more with a sound\n",
                allocations::ours - 1, networks, allocations::all - 1 - 2 * networks);
}

void test_bad_input(Models& loaded)
{
    const Answer expected = Models::has_onnx() ? Answer::bad_input : Answer::not_loaded;
    for (std::size_t n = 0; n < models.size(); ++n)
        for (const float wrong : {nan, std::numeric_limits<float>::infinity(), 1e30f, -1e30f}) {
            if (std::abs(wrong) == 1e30f && Network(n) == Network::emotion_recognizer) continue; // raw features have no range
            auto x = middle(Network(n));
            x[models[n].input->width - 1] = wrong;
            std::array<float, largest_width> y{};
            check(loaded.run(Network(n), x.data(), y.data()) == expected && is_neutral(Network(n), y.data()),
                  std::string(models[n].name) + ": " + std::to_string(wrong) + " gives the neutral output");
        }
    const std::size_t second = std::size_t(sample_rate);
    std::vector<float> sound(121 * second, 0.1f);
    AudioFeatures features;
    const auto refused = [&](std::size_t count, const char* what) {
        features.fill(1);
        check(loaded.measure(sound.data(), count, features) == expected && features == AudioFeatures{}, what);
    };
    refused(0, "no sound");
    refused(second / 2 - 1, "too short a sound");
    refused(sound.size(), "too long a sound");
    sound[second / 2] = nan;
    refused(second, "a sound with NaN");
    std::fill(sound.begin(), sound.end(), 0.00009f);
    refused(second, "silence");
}

std::string read(const fs::path& file)
{
    std::ifstream in(file, std::ios::binary);
    return {std::istreambuf_iterator<char>(in), {}};
}

void write(const fs::path& file, const std::string& content)
{
    std::ofstream(file, std::ios::binary) << content;
}

// `text` with one `from` replaced by `to`, of the same length; `from` is not followed by `not_before`.
std::string patched(std::string text, const std::string& from, const std::string& to, char not_before = '\0', bool everywhere = false)
{
    int hits = 0;
    for (std::size_t at = 0; (at = text.find(from, at)) != std::string::npos && (everywhere || hits == 0); ++at)
        if (!not_before || text[at + from.size()] != not_before) {
            text.replace(at, from.size(), to);
            ++hits;
        }
    check(hits > 0 && from.size() == to.size(), "the file has '" + from + "' to replace");
    return text;
}

// A folder with good files and one bad one: the bad one is refused with a reason and stays neutral, the others run.
void refused_file(const fs::path& folder, Models& loaded, const std::string& what, const std::string& why)
{
    const auto melody = Network::melody_transformer;
    check(!loaded.load(folder), what + ": not all files are taken");
    const std::string& said = loaded.problem(melody);
    if (Models::has_onnx()) {
        check(said.find("melody_transformer.onnx: ") != std::string::npos && said.find(": expected ") != std::string::npos
                  && said.find(why) != std::string::npos, what + ": says " + said);
        check(loaded.problem(Network::groove_predictor).empty() && loaded.problem(Network::emotion_recognizer).empty(), what + ": the others are taken");
    }
    else check(said.find("built without ONNX Runtime") != std::string::npos, what + ": says " + said);
    Output<Network::melody_transformer> y{};
    check(loaded.run<Network::melody_transformer>(encode(Emotion{}), y) == Answer::not_loaded && is_neutral(melody, y.data()), what + ": neutral output");
}

void test_bad_files(const fs::path& models_dir, const fs::path& scratch)
{
    const fs::path folder = scratch / "bad_files", bad = folder / "melody_transformer.onnx";
    fs::remove_all(folder);
    fs::create_directories(folder);
    for (const auto& entry : fs::directory_iterator(models_dir))
        if (entry.path().extension() == ".onnx") fs::copy_file(entry.path(), folder / entry.path().filename());
    const std::string good = read(bad), ours = contract_version, theirs(ours.size(), '9');
    Models loaded;
    check(loaded.load(folder) == Models::has_onnx(), "a copy of the folder is taken");

    fs::remove(bad);
    refused_file(folder, loaded, "missing", "no such file");
    fs::create_directory(bad);
    refused_file(folder, loaded, "a folder of that name", "no such file");
    fs::remove(bad);
    write(bad, "");
    refused_file(folder, loaded, "empty", "an ONNX file");
    write(bad, "These are words, and no network.\n");
    refused_file(folder, loaded, "words", "an ONNX file");
    write(bad, good.substr(0, good.size() / 2));
    refused_file(folder, loaded, "the first half", "an ONNX file");
    write(bad, read(folder / "groove_predictor.onnx"));
    refused_file(folder, loaded, "another network", "model groove_predictor: expected melody_transformer");
    write(bad, read(folder / audio_features_file));
    refused_file(folder, loaded, "what measures sound", "model audio_features: expected melody_transformer");
    write(bad, patched(good, "\"contract_version\": \"" + ours, "\"contract_version\": \"" + theirs));
    refused_file(folder, loaded, "another contract", "contract_version " + theirs + ": expected " + ours);
    write(bad, patched(good, "\x0a\x08" "contract", "\x0a\x08" "kontrakt"));
    refused_file(folder, loaded, "no contract", "metadata without a contract");
    write(bad, patched(good, "\"width\": 64", "\"width\": 32"));
    refused_file(folder, loaded, "another width", "input width 32: expected 64");
    write(bad, patched(good, "\"valence_00\"", "\"valence_0O\""));
    refused_file(folder, loaded, "another slot", "input slot 0 valence_0O: expected valence_00");
    write(bad, patched(good, "embedding", "embeddink", '"', true));
    refused_file(folder, loaded, "another tensor", "input embeddink float [batch, 64]: expected embedding float [batch, 64]");

    Session session;
    bool taken = false, sound = true, closed = true;
    for (std::size_t part = 1; part < 64; ++part) {
        write(bad, good.substr(0, good.size() * part / 64));
        taken = taken || session.open(bad, melody_file).empty();
    }
    check(!taken, "a file cut anywhere is refused");
    for (std::size_t part = 0; part < 256; ++part) { // a file with a wrong byte may still be a network; it must not crash, nor answer NaN
        std::string wrong = good;
        char& byte = wrong[(good.size() * part + part % 7) / 256];
        byte = char(byte ^ 0x55);
        write(bad, wrong);
        Output<Network::melody_transformer> y;
        if (!session.open(bad, melody_file).empty()) closed = closed && !session.is_open();
        else if (session.run(encode(Emotion{}).data(), embedding.width, y.data()))
            sound = sound && std::all_of(y.begin(), y.end(), [](float p) { return std::isfinite(p); });
    }
    check(sound && closed, "a file with a wrong byte is refused and closed, or gives numbers");
    write(bad, good);
    check(loaded.load(folder) == Models::has_onnx(), "the whole file is taken again");
    fs::remove(folder / audio_features_file);
    check(!loaded.load(folder) && !loaded.sound_problem().empty(), "nothing to measure sound with");
    check(!loaded.load(scratch / "no-such-folder"), "no folder");
    fs::remove_all(folder);
}

void test_golden_file(const fs::path& scratch)
{
    const fs::path file = scratch / "golden_test.csv";
    const auto said = [&](const std::string& text) {
        write(file, text);
        return read_golden(file).problem;
    };
    const std::string first = std::string("# contract ") + contract_version + "\n";
    check(said(first + "code,0,1,2.5\r\n").empty() && read_golden(file).vectors.at({"code", 0}) == std::vector<double>{1, 2.5}, "golden vectors are read");
    check(said("# contract 0.9\n").find("line 1 # contract 0.9") == 0, "golden vectors of another contract");
    check(said("") == "line 1 : expected # contract " + std::string(contract_version), "an empty golden file");
    for (const char* row : {"code", "code,0", "code,0,", "code,0,1,x", "code,0,1;2"}) check(said(first + row).find("line 2") == 0, std::string("golden row ") + row);
    fs::remove(file);
    check(!read_golden(file).problem.empty(), "no golden file");
}

} // namespace

int main(int argc, char** argv)
{
    if (argc != 4) {
        std::fprintf(stderr, "usage: midikompanion_test MODELS_DIR GOLDEN SCRATCH_DIR\n");
        return 2;
    }
    const fs::path models_dir = argv[1], scratch = argv[3];
    const Golden golden = read_golden(argv[2]);
    check(golden.problem.empty(), golden.problem);
    test_emotion(golden);
    test_neutral();
    test_queue();
    test_contract();
    test_golden_file(scratch);

    Models unloaded;
    std::array<float, largest_width> y{};
    for (std::size_t n = 0; n < models.size(); ++n)
        check(unloaded.run(Network(n), middle(Network(n)).data(), y.data()) == Answer::not_loaded && is_neutral(Network(n), y.data()),
              std::string(models[n].name) + ": neutral before it is loaded");

    Models loaded;
    check(loaded.load(models_dir) == Models::has_onnx(), "the folder of models: " + loaded.problem(Network::emotion_recognizer));
    loaded = Models(std::move(loaded)); // it can be moved
    for (std::size_t n = 0; Models::has_onnx() && n < models.size(); ++n) {
        check(loaded.problem(Network(n)).empty(), loaded.problem(Network(n)));
        check_small(compare_network(loaded, Network(n), golden), network_tolerance, std::string(models[n].name) + " as in Python");
    }
    if (Models::has_onnx()) check_small(compare_sound(loaded, golden), sound_tolerance, "audio_features as in Python");
    test_bad_input(loaded);
    test_allocations(loaded, golden_sound(1));
    test_bad_files(models_dir, scratch);

    std::printf("%d passed", passed);
    if (failed) std::printf(", %d failed", failed);
    std::printf("\n");
    return failed != 0;
}
