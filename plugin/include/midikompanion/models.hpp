// The five networks, and the measuring of sound, behind one class that always answers.
//
// Inference never belongs on the audio thread. `load` opens files and allocates; `run` and `measure` allocate nothing
// of their own, but ONNX Runtime does inside, and takes as long as it takes. Give a worker thread its own `Models` and
// talk to it through `Queue` (src/worker.cpp shows how).
#pragma once
#include "contract.hpp"
#include "emotion.hpp"
#include <filesystem>
#include <memory>
#include <string>
#include <string_view>

namespace midikompanion {

constexpr const Model& spec(Network network) noexcept { return models[std::size_t(network)]; }

template <Network network> using Input = std::array<float, spec(network).input->width>;
template <Network network> using Output = std::array<float, spec(network).output->width>;
using AudioFeatures = std::array<float, audio_features.width>;

// Index of a slot by its name, the width of the vector when it has none of that name.
constexpr std::size_t slot(const Vector& vector, std::string_view name) noexcept
{
    std::size_t i = 0;
    while (i < vector.width && name != vector.slots[i]) ++i;
    return i;
}

// Where an answer comes from: the network, or else the neutral output, and why.
enum class Answer { network, not_loaded, bad_input, failed };
const char* describe(Answer) noexcept;

// The neutral output of a network: in range, always the same, no surprise in a song.
void neutral(Network, float* output) noexcept;

class Models { // used by one thread at a time
public:
    Models(); // all neutral until `load`
    ~Models();
    Models(Models&&) noexcept;
    Models& operator=(Models&&) noexcept;

    static bool has_onnx() noexcept; // whether this was built to run networks at all

    // Opens the six files of a folder and checks names, widths, slots and contract version. True when all were taken.
    // A file that is refused stays neutral, the others run; `problem` says why.
    bool load(const std::filesystem::path& folder);
    const std::string& problem(Network) const noexcept; // empty when loaded, else the file, what was found, what was expected
    const std::string& sound_problem() const noexcept;  // the same for audio_features.onnx

    // Answers one question. Input outside its range gives the neutral output.
    template <Network network>
    Answer run(const Input<network>& input, Output<network>& output) noexcept { return run(network, input.data(), output.data()); }
    Answer run(Network, const float* input, float* output) noexcept; // as wide as the contract says

    // Measures mono sound at `sample_rate`, half a second or longer. Zeros when it cannot: then do not ask the recogniser.
    Answer measure(const float* samples, std::size_t count, AudioFeatures&) noexcept;

private:
    struct Files;
    std::unique_ptr<Files> files_;
};

} // namespace midikompanion
