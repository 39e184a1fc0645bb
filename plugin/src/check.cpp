// midikompanion_check MODELS_DIR [GOLDEN]: what a plugin would find in a folder of models. Exit status 1 when something is wrong.
#include "golden.hpp"
#include <chrono>
#include <cstdio>

using namespace midikompanion;

namespace {

struct Latency { double p50_us, p99_us; };

template <class F>
Latency latency(int runs, F&& run)
{
    using Clock = std::chrono::steady_clock;
    for (int i = 0; i < runs / 10; ++i) run(); // to warm up
    std::vector<double> us;
    for (int i = 0; i < runs; ++i) {
        const auto start = Clock::now();
        run();
        us.push_back(std::chrono::duration<double, std::micro>(Clock::now() - start).count());
    }
    std::sort(us.begin(), us.end());
    return {us[us.size() / 2], us[us.size() * 99 / 100]};
}

// A question to show: the first golden one, else the neutral emotion in the middle of all ranges.
std::vector<float> question(Network network, const Golden& golden)
{
    const Vector& v = *spec(network).input;
    if (const auto* given = golden.find(std::string(spec(network).name) + ".input", 0, v.width)) return {given->begin(), given->end()};
    std::vector<float> middle;
    for (std::size_t r = 0; r < v.range_count; ++r)
        middle.insert(middle.end(), v.ranges[r].count, std::isfinite(v.ranges[r].high) ? (v.ranges[r].low + v.ranges[r].high) / 2 : 0);
    const Code code = encode(Emotion{});
    if (slot(v, embedding.slots[0]) == 0) std::copy(code.begin(), code.end(), middle.begin());
    return middle;
}

// Where network and neutral output differ most.
void show_side_by_side(Models& loaded, Network network, const std::vector<float>& input)
{
    const Vector& v = *spec(network).output;
    std::vector<float> ours(v.width), stub(v.width);
    if (loaded.run(network, input.data(), ours.data()) != Answer::network) return;
    neutral(network, stub.data());
    std::vector<std::size_t> order(v.width);
    std::iota(order.begin(), order.end(), 0);
    std::stable_sort(order.begin(), order.end(), [&](auto a, auto b) { return std::abs(ours[a] - stub[a]) > std::abs(ours[b] - stub[b]); });
    for (std::size_t k = 0; k < 4; ++k)
        std::printf("  %-20s %-20s %10.4f %10.4f\n", k ? "" : spec(network).name, v.slots[order[k]], double(ours[order[k]]), double(stub[order[k]]));
}

int failures = 0;

void row(const char* name, const std::string& problem, const Compared* compared, double tolerance, Latency took)
{
    char golden[32] = "-";
    const bool wrong = compared && problem.empty() && !compared->within(tolerance);
    if (compared && problem.empty()) std::snprintf(golden, sizeof golden, "%.1e in %d%s", compared->largest, compared->cases, wrong ? " !" : "");
    std::printf("  %-20s %-8s %-16s %10.1f %10.1f\n", name, problem.empty() ? "loaded" : "neutral", golden, took.p50_us, took.p99_us);
    const bool refused = Models::has_onnx() && !problem.empty();
    if (refused) std::printf("    %s\n", problem.c_str());
    failures += wrong || refused;
}

} // namespace

int main(int argc, char** argv)
{
    if (argc < 2 || argc > 3) {
        std::fprintf(stderr, "usage: midikompanion_check MODELS_DIR [GOLDEN]\n");
        return 2;
    }
    Golden golden;
    if (argc == 3) golden = read_golden(argv[2]);
    if (!golden.problem.empty()) {
        std::fprintf(stderr, "%s: %s\n", argv[2], golden.problem.c_str());
        return 1;
    }
    Models loaded;
    loaded.load(argv[1]);

    std::printf("contract %s, %s\n\n  %-20s %-8s %-16s %10s %10s\n", contract_version, Models::has_onnx() ? "with ONNX Runtime" : "stub mode: built without ONNX Runtime",
                "network", "file", "golden, off by", "p50 us", "p99 us");
    for (const Model& m : models) {
        const auto network = Network(&m - models.data());
        const auto input = question(network, golden);
        std::vector<float> output(m.output->width);
        const auto took = latency(1000, [&] { loaded.run(network, input.data(), output.data()); });
        const Compared compared = compare_network(loaded, network, golden);
        row(m.name, loaded.problem(network), argc == 3 ? &compared : nullptr, network_tolerance, took);
    }
    const auto sound = golden_sound(1);
    AudioFeatures features;
    const auto took = latency(30, [&] { loaded.measure(sound.data(), sound.size(), features); }); // of two seconds
    const Compared heard = compare_sound(loaded, golden), encoded = compare_encode(golden), decoded = compare_decode(golden);
    row("audio_features", loaded.sound_problem(), argc == 3 ? &heard : nullptr, sound_tolerance, took);

    if (argc == 3) {
        std::printf("\n  emotion code: encode is off by %.1e in %d, decode by %.1e in %d\n", encoded.largest, encoded.cases, decoded.largest, decoded.cases);
        failures += !encoded.within(code_tolerance) + !decoded.within(code_tolerance);
    }
    if (Models::has_onnx()) std::printf("\n  %-20s %-20s %10s %10s\n", "side by side", "slot", "answer", "neutral");
    for (std::size_t i = 0; i < models.size(); ++i) show_side_by_side(loaded, Network(i), question(Network(i), golden));
    std::printf("\n%s\n", failures ? "FAILED" : "ok");
    return failures != 0;
}
