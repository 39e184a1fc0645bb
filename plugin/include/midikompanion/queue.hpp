// A bounded queue from one thread to one other, without locks: how the audio thread talks to the worker that runs the networks.
#pragma once
#include <array>
#include <atomic>
#include <cstddef>
#include <type_traits>

namespace midikompanion {

// One thread pushes, one other thread pops. Neither waits, allocates or makes a system call.
template <class T, std::size_t capacity>
class Queue {
    static_assert(capacity > 0 && (capacity & (capacity - 1)) == 0, "a power of two, so that the counters may overflow");
    static_assert(std::is_trivially_copyable_v<T>, "copying must not allocate");
    static_assert(std::atomic<std::size_t>::is_always_lock_free);

public:
    // False when the queue is full; it is then as it was.
    bool push(const T& value) noexcept
    {
        const std::size_t at = pushed_.load(std::memory_order_relaxed);
        if (at - popped_.load(std::memory_order_acquire) == capacity) return false;
        slots_[at % capacity] = value;
        pushed_.store(at + 1, std::memory_order_release);
        return true;
    }

    // False when the queue is empty; `value` is then as it was.
    bool pop(T& value) noexcept
    {
        const std::size_t at = popped_.load(std::memory_order_relaxed);
        if (at == pushed_.load(std::memory_order_acquire)) return false;
        value = slots_[at % capacity];
        popped_.store(at + 1, std::memory_order_release);
        return true;
    }

private:
    static constexpr std::size_t cache_line = 64; // each thread writes a line of its own
    alignas(cache_line) std::atomic<std::size_t> pushed_{0};
    alignas(cache_line) std::atomic<std::size_t> popped_{0};
    alignas(cache_line) std::array<T, capacity> slots_{};
};

} // namespace midikompanion
