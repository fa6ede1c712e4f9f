// Large pages for large tables: one that is read at random misses the page tables' cache less often with them.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#if defined(__linux__)
#include <sys/mman.h>
#endif

namespace emnesy {

// A vector of `size` items like T(), on large pages where the system has them for the asking and the vector is large.
template <class T>
std::vector<T> on_huge_pages(std::size_t size) {
  std::vector<T> items;
  items.reserve(size);
#if defined(__linux__) && defined(MADV_HUGEPAGE)
  constexpr std::uintptr_t page = std::uintptr_t{2} << 20;
  const auto first = reinterpret_cast<std::uintptr_t>(items.data());
  const std::uintptr_t begin = (first + page - 1) / page * page;
  const std::uintptr_t end = (first + size * sizeof(T)) / page * page;
  // Advice only: where it is not taken, nothing changes.
  if (begin < end) static_cast<void>(madvise(reinterpret_cast<void*>(begin), end - begin, MADV_HUGEPAGE));
#endif
  items.resize(size);
  return items;
}

}  // namespace emnesy
