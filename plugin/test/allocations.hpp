// Counts what is allocated: allocations.cpp replaces operator new of this program, and of the libraries that it loads.
#pragma once
#include <atomic>

namespace allocations {

extern std::atomic<bool> counting;
extern std::atomic<long> all, ours; // ours: what is called from the code of this program, not from a library
extern const bool told_apart;       // whether `ours` is known; else it is `all`

} // namespace allocations
