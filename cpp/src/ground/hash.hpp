// The hash functions of the grounder's open-addressing tables.
#pragma once

#include <cstdint>

namespace emnesy {

// Finalizer of splitmix64 (Steele, Lea, Flood 2014): every input bit reaches every output bit, which
// tables of a power-of-two size need.
inline std::uint64_t mix(std::uint64_t x) {
  x ^= x >> 30;
  x *= 0xbf58476d1ce4e5b9ull;
  x ^= x >> 27;
  x *= 0x94d049bb133111ebull;
  return x ^ (x >> 31);
}

inline std::uint64_t combine(std::uint64_t hash, std::uint64_t value) {
  return mix(hash + 0x9e3779b97f4a7c15ull + value);
}

}  // namespace emnesy
