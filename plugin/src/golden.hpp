// Golden vectors, which `validate_models --golden` writes, and how far our own answers are from them.
#pragma once
#include "midikompanion/models.hpp"
#include <cstdint>
#include <fstream>
#include <map>
#include <utility>
#include <vector>

namespace midikompanion {

struct Golden {
    std::string problem; // empty when the file was read
    std::map<std::pair<std::string, int>, std::vector<double>> vectors;

    const std::vector<double>* find(const std::string& name, int number, std::size_t width) const
    {
        const auto found = vectors.find({name, number});
        return found != vectors.end() && found->second.size() == width ? &found->second : nullptr;
    }
};

// First the contract version, then one vector a line: name,case,values.
inline Golden read_golden(const std::filesystem::path& file)
{
    Golden golden;
    std::ifstream lines(file);
    std::string line;
    const auto next = [&] {
        if (!std::getline(lines, line)) return false;
        if (!line.empty() && line.back() == '\r') line.pop_back();
        return true;
    };
    const std::string first = std::string("# contract ") + contract_version;
    if (!lines) golden.problem = "no such file: expected golden vectors";
    else if (!next() || line != first) golden.problem = "line 1 " + line.substr(0, 40) + ": expected " + first;
    for (int number = 2; golden.problem.empty() && next(); ++number) {
        const char* at = line.c_str() + std::min(line.find(','), line.size());
        const std::string name(line.c_str(), at);
        std::vector<double> numbers; // the case, then the values
        for (char* end = nullptr; *at == ','; at = end) {
            numbers.push_back(std::strtod(at + 1, &end));
            if (end == at + 1) break;
        }
        if (*at != '\0' || numbers.size() < 2) golden.problem = "line " + std::to_string(number) + " " + line.substr(0, 40) + ": expected name,case,values";
        else golden.vectors[{name, int(numbers[0])}].assign(numbers.begin() + 1, numbers.end());
    }
    return golden;
}

// The sound that golden features were measured on: decaying tones over faint noise.
inline std::vector<float> golden_sound(std::uint32_t seed)
{
    constexpr double pi = 3.14159265358979323846, hz[] = {220.0, 277.18, 329.63, 440.0};
    std::vector<float> sound(2 * std::size_t(sample_rate));
    for (std::size_t i = 0; i < sound.size(); ++i) {
        seed = 1664525u * seed + 1013904223u;
        const double t = double(i) / sample_rate, noise = seed / 2147483648.0 - 1;
        double tone = 0;
        for (int k = 0; k < 4; ++k) tone += std::sin(2 * pi * hz[k] * t) / (k + 1);
        sound[i] = float(0.15 * std::exp(-4 * std::fmod(t, 0.5)) * tone + 0.02 * noise);
    }
    return sound;
}

struct Compared {
    int cases = 0;
    double largest = 0; // difference

    void see(double difference) noexcept { largest = std::max(largest, std::isfinite(difference) ? std::abs(difference) : double(INFINITY)); }
    bool within(double tolerance) const noexcept { return cases > 0 && largest <= tolerance; }
};

constexpr double code_tolerance = 1e-6, network_tolerance = 1e-5, sound_tolerance = 1e-4; // the last one relative

inline Compared compare_encode(const Golden& golden)
{
    Compared seen;
    while (const auto* e = golden.find("emotion", seen.cases, dimensions.size())) {
        const auto* expected = golden.find("code", seen.cases, embedding.width);
        const auto code = encode<double>({(*e)[0], (*e)[1], (*e)[2], (*e)[3]});
        for (std::size_t i = 0; i < code.size(); ++i) seen.see(expected ? code[i] - (*expected)[i] : INFINITY);
        ++seen.cases;
    }
    return seen;
}

inline Compared compare_decode(const Golden& golden)
{
    Compared seen;
    while (const auto* noisy = golden.find("noisy_code", seen.cases, embedding.width)) {
        const auto* expected = golden.find("decoded", seen.cases, dimensions.size());
        CodeOf<double> code{};
        std::copy(noisy->begin(), noisy->end(), code.begin());
        const Emotion e = decode(code);
        const double values[] = {e.valence, e.arousal, e.dominance, e.intensity};
        for (std::size_t d = 0; d < dimensions.size(); ++d) seen.see(expected ? values[d] - (*expected)[d] : INFINITY);
        ++seen.cases;
    }
    return seen;
}

inline Compared compare_network(Models& loaded, Network network, const Golden& golden)
{
    Compared seen;
    const Model& m = spec(network);
    const std::string name = m.name;
    while (const auto* question = golden.find(name + ".input", seen.cases, m.input->width)) {
        const auto* expected = golden.find(name + ".output", seen.cases, m.output->width);
        const std::vector<float> input(question->begin(), question->end());
        std::vector<float> output(m.output->width);
        const bool answered = loaded.run(network, input.data(), output.data()) == Answer::network;
        for (std::size_t i = 0; i < output.size(); ++i) seen.see(answered && expected ? double(output[i]) - (*expected)[i] : INFINITY);
        ++seen.cases;
    }
    return seen;
}

inline Compared compare_sound(Models& loaded, const Golden& golden)
{
    constexpr double smallest = 0.01; // below it the difference counts, not its share
    Compared seen;
    while (const auto* expected = golden.find("audio_features.output", seen.cases, audio_features.width)) {
        const auto sound = golden_sound(std::uint32_t(seen.cases + 1));
        AudioFeatures features;
        const bool answered = loaded.measure(sound.data(), sound.size(), features) == Answer::network;
        for (std::size_t i = 0; i < features.size(); ++i)
            seen.see(answered ? (double(features[i]) - (*expected)[i]) / std::max(std::abs((*expected)[i]), smallest) : INFINITY);
        ++seen.cases;
    }
    return seen;
}

} // namespace midikompanion
