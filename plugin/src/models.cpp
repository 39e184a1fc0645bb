#include "midikompanion/models.hpp"
#include "session.hpp"

namespace midikompanion {
namespace {

bool in_range(const Vector& vector, const float* x) noexcept // NaN is in no range
{
    constexpr float rounding = 1e-5f;
    for (std::size_t r = 0; r < vector.range_count; ++r)
        for (std::size_t i = 0; i < vector.ranges[r].count; ++i, ++x)
            if (!(std::isfinite(*x) && *x >= vector.ranges[r].low - rounding && *x <= vector.ranges[r].high + rounding)) return false;
    return true;
}

bool can_be_heard(const float* samples, std::size_t count) noexcept
{
    constexpr float silence = 1e-4f, loudest = 1e6f; // -80 dB of full scale; samples are near [-1, 1]
    float peak = 0;
    for (std::size_t i = 0; i < count; ++i) {
        if (!(std::abs(samples[i]) <= loudest)) return false;
        peak = std::max(peak, std::abs(samples[i]));
    }
    return peak >= silence;
}

} // namespace

const char* describe(Answer answer) noexcept
{
    switch (answer) {
    case Answer::network: return "the network answered";
    case Answer::not_loaded: return "neutral: not loaded";
    case Answer::bad_input: return "neutral: input outside its range";
    case Answer::failed: return "neutral: ONNX Runtime failed";
    }
    return "";
}

void neutral(Network network, float* output) noexcept
{
    std::fill_n(output, spec(network).output->width, 0.0f); // no note, no chord, on the beat
    switch (network) {
    case Network::emotion_recognizer: {
        const Code code = encode(Emotion{});
        std::copy(code.begin(), code.end(), output);
        break;
    }
    case Network::melody_transformer:
        for (const int pitch : {60, 62, 65, 67, 72}) output[pitch] = 0.4f; // the steps that major and minor share
        break;
    case Network::harmony_predictor: {
        constexpr std::size_t none = slot(chords, "N");
        static_assert(none < chords.width);
        output[none] = 1.0f;
        break;
    }
    case Network::dynamics_engine: std::fill_n(output, expression.width, 0.5f); break;
    case Network::groove_predictor: break;
    }
}

struct Models::Files {
    struct File { Session session; std::string problem = "not loaded"; };
    std::array<File, models.size()> networks;
    File sound;
};

Models::Models() : files_(std::make_unique<Files>()) {}
Models::~Models() = default;
Models::Models(Models&&) noexcept = default;
Models& Models::operator=(Models&&) noexcept = default;

bool Models::has_onnx() noexcept { return Session::available; }

bool Models::load(const std::filesystem::path& folder)
{
    bool all = true;
    const auto open = [&](Files::File& file, const char* name, const Expected& expected) {
        file.problem = file.session.open(folder / name, expected);
        all = all && file.session.is_open();
    };
    const auto tensor = [](const Vector& v) { return Tensor{v.name, v.width, v.slots}; };
    for (std::size_t i = 0; i < models.size(); ++i)
        open(files_->networks[i], models[i].file, {models[i].name, tensor(*models[i].input), tensor(*models[i].output)});
    open(files_->sound, audio_features_file, {"audio_features", {"audio", 0, nullptr}, tensor(audio_features)});
    return all;
}

const std::string& Models::problem(Network network) const noexcept { return files_->networks[std::size_t(network)].problem; }
const std::string& Models::sound_problem() const noexcept { return files_->sound.problem; }

Answer Models::run(Network network, const float* input, float* output) noexcept
{
    Session& session = files_->networks[std::size_t(network)].session;
    Answer answer = Answer::network;
    if (!session.is_open()) answer = Answer::not_loaded;
    else if (!in_range(*spec(network).input, input)) answer = Answer::bad_input;
    else if (!session.run(input, spec(network).input->width, output)) answer = Answer::failed;
    if (answer != Answer::network) neutral(network, output);
    return answer;
}

Answer Models::measure(const float* samples, std::size_t count, AudioFeatures& features) noexcept
{
    Session& session = files_->sound.session;
    Answer answer = Answer::network;
    if (!session.is_open()) answer = Answer::not_loaded;
    else if (!session.takes(count) || !can_be_heard(samples, count)) answer = Answer::bad_input;
    else if (!session.run(samples, count, features.data())) answer = Answer::failed;
    if (answer != Answer::network) features.fill(0.0f);
    return answer;
}

} // namespace midikompanion
