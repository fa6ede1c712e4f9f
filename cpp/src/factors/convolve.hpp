// A window of the convolution of two sequences of non-negative numbers, without the products that do not matter.
//
// Distributions of sums are bell-shaped: of the products that make up an entry, all but those within a few standard deviations
// are lost in its rounding. They are found by blocks: the greatest entries of a block of one sequence and of what it meets in
// the other bound all their products. What is left out is bounded, and an entry to which the bound is not small (`Negligible`)
// is computed in full. So every entry keeps its relative precision, however small it is; zeros that are left out are exact.
// This is trimming as in Wilson and Keich, "Accurate pairwise convolutions of non-negative vectors via FFT", Computational
// Statistics and Data Analysis 101 (2016), done per entry. For n Booleans the root of a tree then costs O(n), not O(n^2).
#pragma once

#include <algorithm>
#include <cstdint>
#include <type_traits>
#include <utility>

#include "factors/structure.hpp"
#include "target.hpp"

namespace emnesy::factors {

constexpr std::int32_t convolution_block = 32;

// How many numbers convolve() needs, for sequences of that many.
inline std::int64_t convolution_scratch(std::int64_t a, std::int64_t b) {
  constexpr std::int64_t size = convolution_block;
  return a + b + 5 * size + 2 * ((a + b) / size + 4) + size;
}

// to[t] += the sum over i < count of a[i] * b[t - i], for t < convolution_block.
void add_products(const float* a, std::int32_t count, const float* b, float* to);
void add_products(const double* a, std::int32_t count, const double* b, double* to);

inline namespace EMNESY_ISA {

// Single numbers can be compared, bundles cannot.
template <typename Real, typename = void>
struct Comparable : std::false_type {};
template <typename Real>
struct Comparable<Real, std::enable_if_t<std::is_convertible_v<decltype(std::declval<Real>() < std::declval<Real>()), bool>>>
    : std::true_type {};

// What may be left out: at first what is less than `likely` of the greatest bound, later what is less than `unlikely` of it;
// right if all that is left out is less than `error` of the entry.
template <typename Op, typename Real>
struct Negligible {
  static constexpr bool single = std::is_same_v<Real, float>;
  static constexpr double likely = !Op::sums ? 0x1p-20 : single ? 0x1p-38 : 0x1p-64;
  static constexpr double unlikely = !Op::sums ? 0x1p-80 : single ? 0x1p-70 : 0x1p-110;
  static constexpr double error = !Op::sums ? 1.0 : single ? 0x1p-25 : 0x1p-50;
};

template <typename Op, typename Real>
class Convolution {
 public:
  static constexpr std::int32_t size = convolution_block;

  explicit Convolution(Real* scratch) : scratch_(scratch) {}

  // out[k - first] = the sum over i of a[i] * b[k - i], for first <= k < last. reversed: a is read backwards.
  void operator()(const Real* a, std::int32_t a_count, bool reversed, const Real* b, std::int32_t b_count, std::int32_t first,
                  std::int32_t last, Real* out) {
    std::fill_n(out, last - first, Real(0));
    std::int32_t a_first = 0, b_first = 0;
    const std::int32_t step = reversed ? -1 : 1;
    if (reversed) a += a_count - 1;
    while (a_count > 0 && !(Real(0) < a[step * (a_count - 1)])) --a_count;
    while (a_first < a_count && !(Real(0) < a[step * a_first])) ++a_first;
    while (b_count > 0 && !(Real(0) < b[b_count - 1])) --b_count;
    while (b_first < b_count && !(Real(0) < b[b_first])) ++b_first;
    if (a_first == a_count || b_first == b_count) return;

    a_blocks_ = (a_count - a_first + size - 1) / size;
    b_blocks_ = (b_count - b_first + size - 1) / size;
    a_ = scratch_;
    b_ = a_ + a_blocks_ * size + size;  // zeros on both sides
    a_greatest_ = b_ + b_blocks_ * size + size;
    b_greatest_ = a_greatest_ + a_blocks_;
    for (std::int32_t i = a_first; i < a_count; ++i) a_[i - a_first] = a[step * i];
    std::fill(a_ + (a_count - a_first), b_, Real(0));
    std::copy(b + b_first, b + b_count, b_);
    std::fill(b_ + (b_count - b_first), a_greatest_, Real(0));
    for (std::int32_t p = 0; p < a_blocks_; ++p) a_greatest_[p] = *std::max_element(a_ + p * size, a_ + (p + 1) * size);
    // Of the block and the one before: what an aligned block of results meets.
    Real before(0);
    for (std::int32_t q = 0; q <= b_blocks_; ++q) {
      const Real here = q < b_blocks_ ? *std::max_element(b_ + q * size, b_ + (q + 1) * size) : Real(0);
      b_greatest_[q] = before < here ? here : before;
      before = here;
    }
    const std::int32_t offset = a_first + b_first;  // of the results that may be positive
    std::int32_t begin = std::max(first - offset, 0) / size;
    const std::int32_t end = std::min((last - offset + size - 1) / size, a_blocks_ + b_blocks_);
    Real* const to = b_greatest_ + b_blocks_ + 1;
    for (; begin < end; ++begin) {
      results(begin, to);
      for (std::int32_t t = 0; t < size; ++t) {
        const std::int32_t k = begin * size + t + offset;
        if (first <= k && k < last) out[k - first] = to[t];
      }
    }
  }

 private:
  // The results size * k ... of the trimmed sequences.
  void results(std::int32_t k, Real* to) {
    const std::int32_t first = std::max(0, k - b_blocks_), last = std::min(k, a_blocks_ - 1);
    Real greatest(0);
    for (std::int32_t p = first; p <= last; ++p) {
      const Real bound = a_greatest_[p] * b_greatest_[k - p];
      if (greatest < bound) greatest = bound;
    }
    using N = Negligible<Op, Real>;
    if (steep_) {
      if (attempt(k, first, last, greatest * Real(N::unlikely), to)) return;
    } else if (attempt(k, first, last, greatest * Real(N::likely), to)) {
      return;
    } else if (attempt(k, first, last, greatest * Real(N::unlikely), to)) {
      steep_ = true;
      return;
    }
    attempt(k, first, last, Real(0), to);
  }

  // Without what is less than `least`. False: some entry may lack too much.
  bool attempt(std::int32_t k, std::int32_t first, std::int32_t last, Real least, Real* to) {
    std::fill_n(to, size, Real(0));
    Real left_out(0);
    std::int32_t begin = first;  // of a run of blocks that count
    for (std::int32_t p = first; p <= last; ++p) {
      const Real bound = a_greatest_[p] * b_greatest_[k - p];
      if (!(bound < least)) continue;
      Op::add(left_out, bound);
      run(k, begin, p, to);
      begin = p + 1;
    }
    run(k, begin, last + 1, to);
    if (!(Real(0) < left_out)) return true;
    if constexpr (Op::sums) left_out = left_out * Real(size);
    for (std::int32_t t = 0; t < size; ++t) {
      if (to[t] * Real(Negligible<Op, Real>::error) < left_out) return false;
    }
    return true;
  }

  void run(std::int32_t k, std::int32_t begin, std::int32_t end, Real* to) {
    if (begin >= end) return;
    const Real* const a = a_ + begin * size;
    const Real* const b = b_ + (k - begin) * size;
    const std::int32_t count = (end - begin) * size;
    if constexpr (Op::sums && std::is_floating_point_v<Real>) {
      add_products(a, count, b, to);
    } else {
      for (std::int32_t i = 0; i < count; ++i) {
        for (std::int32_t t = 0; t < size; ++t) Op::add(to[t], a[i] * b[t - i]);
      }
    }
  }

  Real* const scratch_;
  Real *a_ = nullptr, *b_ = nullptr, *a_greatest_ = nullptr, *b_greatest_ = nullptr;
  std::int32_t a_blocks_ = 0, b_blocks_ = 0;
  bool steep_ = false;
};

}  // namespace EMNESY_ISA
}  // namespace emnesy::factors
