#include "allocations.hpp"
#include <cstddef>
#include <cstdlib>
#include <new>
#if defined(_WIN32)
#include <malloc.h>
#endif

namespace allocations {

std::atomic<bool> counting{false};
std::atomic<long> all{0}, ours{0};

#if defined(__linux__)
extern "C" const char __executable_start, etext; // from the linker: where the code of this program lies
const bool told_apart = true;
static bool called_by_us(const void* caller) { return caller >= &__executable_start && caller < &etext; }
#else
const bool told_apart = false;
static bool called_by_us(const void*) { return true; }
#endif

static void* take(std::size_t size, std::size_t alignment, const void* caller) noexcept
{
    if (counting) {
        ++all;
        if (called_by_us(caller)) ++ours;
    }
#if defined(_WIN32)
    return _aligned_malloc(size ? size : 1, alignment);
#else
    return alignment <= alignof(std::max_align_t) ? std::malloc(size ? size : 1)
                                                  : std::aligned_alloc(alignment, (size + alignment - 1) / alignment * alignment);
#endif
}

static void give_back(void* p) noexcept
{
#if defined(_WIN32)
    _aligned_free(p);
#else
    std::free(p);
#endif
}

static void* or_throw(void* p)
{
    if (!p) throw std::bad_alloc();
    return p;
}

} // namespace allocations

#if defined(_MSC_VER)
#include <intrin.h>
#define CALLER _ReturnAddress()
#else
#define CALLER __builtin_return_address(0)
#endif

using allocations::give_back, allocations::or_throw, allocations::take;
constexpr std::size_t usual = alignof(std::max_align_t);
void* operator new(std::size_t n) { return or_throw(take(n, usual, CALLER)); }
void* operator new[](std::size_t n) { return or_throw(take(n, usual, CALLER)); }
void* operator new(std::size_t n, const std::nothrow_t&) noexcept { return take(n, usual, CALLER); }
void* operator new[](std::size_t n, const std::nothrow_t&) noexcept { return take(n, usual, CALLER); }
void* operator new(std::size_t n, std::align_val_t a) { return or_throw(take(n, std::size_t(a), CALLER)); }
void* operator new[](std::size_t n, std::align_val_t a) { return or_throw(take(n, std::size_t(a), CALLER)); }
void* operator new(std::size_t n, std::align_val_t a, const std::nothrow_t&) noexcept { return take(n, std::size_t(a), CALLER); }
void* operator new[](std::size_t n, std::align_val_t a, const std::nothrow_t&) noexcept { return take(n, std::size_t(a), CALLER); }
void operator delete(void* p) noexcept { give_back(p); }
void operator delete[](void* p) noexcept { give_back(p); }
void operator delete(void* p, std::size_t) noexcept { give_back(p); }
void operator delete[](void* p, std::size_t) noexcept { give_back(p); }
void operator delete(void* p, const std::nothrow_t&) noexcept { give_back(p); }
void operator delete[](void* p, const std::nothrow_t&) noexcept { give_back(p); }
void operator delete(void* p, std::align_val_t) noexcept { give_back(p); }
void operator delete[](void* p, std::align_val_t) noexcept { give_back(p); }
void operator delete(void* p, std::size_t, std::align_val_t) noexcept { give_back(p); }
void operator delete[](void* p, std::size_t, std::align_val_t) noexcept { give_back(p); }
void operator delete(void* p, std::align_val_t, const std::nothrow_t&) noexcept { give_back(p); }
void operator delete[](void* p, std::align_val_t, const std::nothrow_t&) noexcept { give_back(p); }
