// An emotion as four numbers, and as the code of 64 that the networks read and that anyone can read.
#pragma once
#include "contract.hpp"
#include <algorithm>
#include <cstdlib>
#include <numeric>

namespace midikompanion {

struct Emotion {
    double valence = 0;     // unpleasant -1 .. pleasant 1
    double arousal = 0;     // calm -1 .. excited 1
    double dominance = 0;   // submissive -1 .. dominant 1
    double intensity = 0.5; // none 0 .. full 1
};

template <class Real> using CodeOf = std::array<Real, embedding.width>;
using Code = CodeOf<float>;

// Gaussian bumps, 16 evenly spaced over the range of each dimension. Values outside a range are moved to its end.
// NaN stays NaN, here and in `decode`; `Models::run` answers it as bad input.
template <class Real = float>
CodeOf<Real> encode(const Emotion& emotion) noexcept
{
    const double values[dimensions.size()] = {emotion.valence, emotion.arousal, emotion.dominance, emotion.intensity};
    CodeOf<Real> code{};
    for (std::size_t d = 0; d < dimensions.size(); ++d) {
        const auto [name, low, high] = dimensions[d];
        const double at = (std::clamp(values[d], low, high) - low) / (high - low) * (bumps - 1); // 0 is the first bump, 15 the last
        for (std::size_t k = 0; k < bumps; ++k) {
            const double z = at - double(k);
            code[d * bumps + k] = Real(2 * std::exp(-z * z / 2) - 1);
        }
    }
    return code;
}

namespace detail {

constexpr int grid = 400; // steps over a dimension, 401 values to compare with

// Steps and bumps meet on one finer ruler: a step is `step` of its marks, the way from bump to bump is `spacing`.
// So all bumps, at all values, in all dimensions, are one table of 1201 numbers.
constexpr int step = int(bumps - 1) / std::gcd(grid, int(bumps - 1));
constexpr int spacing = grid / std::gcd(grid, int(bumps - 1));

inline const std::array<double, grid * step + 1>& bump_table() noexcept // filled at the first call
{
    static const auto table = [] {
        std::array<double, grid * step + 1> t{};
        for (std::size_t m = 0; m < t.size(); ++m) {
            const double z = double(m) / spacing;
            t[m] = 2 * std::exp(-z * z / 2) - 1;
        }
        return t;
    }();
    return table;
}

// Where between low and high the bumps lie nearest to `code`: the best of the grid, refined by the parabola through its neighbours.
template <class Real>
double nearest(const Real* code, double low, double high) noexcept
{
    const auto& bump = bump_table();
    std::array<double, grid + 1> distance{}; // squared, up to a constant
    for (int i = 0; i <= grid; ++i)
        for (int k = 0; k < int(bumps); ++k) {
            const double b = bump[std::size_t(std::abs(i * step - k * spacing))];
            distance[std::size_t(i)] += b * (b - 2 * double(code[k]));
        }
    const auto best = std::min_element(distance.begin(), distance.end()) - distance.begin();
    const auto i = std::size_t(std::clamp<std::ptrdiff_t>(best, 1, grid - 1)); // at an end the parabola reaches outwards
    const double before = distance[i - 1], here = distance[i], after = distance[i + 1];
    const double shift = (before - after) / std::max(2 * (before - 2 * here + after), 1e-12);
    const double at = double(i) + std::clamp(shift, -1.0, 1.0);
    return std::clamp(low + at * (high - low) / grid, low, high);
}

} // namespace detail

// The emotion whose code is nearest to `code`; noise is fine.
template <class Real>
Emotion decode(const CodeOf<Real>& code) noexcept
{
    const auto value = [&](std::size_t d) { return detail::nearest(code.data() + d * bumps, dimensions[d].low, dimensions[d].high); };
    return {value(0), value(1), value(2), value(3)};
}

} // namespace midikompanion
