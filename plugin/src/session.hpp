// One ONNX file, opened, checked and run by ONNX Runtime's C interface. Built without it, every file is refused.
#pragma once
#include "midikompanion/contract.hpp"
#include <filesystem>
#include <memory>
#include <string>
#include <string_view>

namespace midikompanion {

struct Tensor {
    const char* name;
    std::size_t width;        // 0: any number of samples
    const char* const* slots; // one name a slot
};

struct Expected { const char* model; Tensor input, output; }; // of a file

// What is wrong with the contract that a file states in its metadata, empty when nothing is.
std::string contract_problem(std::string_view contract, const Expected&);

class Session {
public:
    static const bool available; // whether it was built with ONNX Runtime

    Session();
    ~Session();
    Session(Session&&) noexcept;
    Session& operator=(Session&&) noexcept;

    // Opens a file, checks it, runs it once to warm up. Returns why not, empty when it is open; a refused file leaves it closed.
    std::string open(const std::filesystem::path& file, const Expected&);
    bool is_open() const noexcept { return state_ != nullptr; }
    bool takes(std::size_t count) const noexcept; // whether an input may have so many numbers

    // One row of numbers. False when ONNX Runtime fails, or gives what is no number.
    bool run(const float* input, std::size_t count, float* output) noexcept;

private:
    struct State;
    std::unique_ptr<State> state_;
};

} // namespace midikompanion
