// The sum of many variables by a balanced tree of convolutions: upwards every node's distribution of the sum below it,
// downwards the weight that the rest of the factor gives to each sum below the node. (Tarlow, Swersky, Zemel, Adams, Frey,
// "Fast exact inference for recursive cardinality models", UAI 2012, who use it for counts.)
//
// n Boolean inputs cost O(n^2) in all, half of it at the root, where all products are made; single examples leave those out
// that do not matter (convolve.hpp). A fast Fourier transform would not need them either, but its errors are relative to the
// largest entry: probabilities of unlikely sums would drown, and there is no such transform for Max.
#pragma once

#include "factors/convolve.hpp"
#include "factors/symbols.hpp"

namespace emnesy::factors {
inline namespace EMNESY_ISA {

// Sequences for which convolve() pays: from measurements.
inline bool long_convolution(std::int32_t a, std::int32_t b) { return a >= 64 && b >= 64; }

// Where `to` has room for the sums of a and b.
template <typename Op, typename Real>
void convolve_up(const Real* a, std::int32_t a_size, const Real* b, std::int32_t b_size, Real* to, Real* scratch) {
  if constexpr (Comparable<Real>::value) {
    if (long_convolution(a_size, b_size)) {
      return Convolution<Op, Real>(scratch)(a, a_size, false, b, b_size, 0, a_size + b_size - 1, to);
    }
  }
  for (std::int32_t i = 0; i < a_size + b_size - 1; ++i) to[i] = Real(0);
  for (std::int32_t i = 0; i < a_size; ++i) {
    const Real weight = a[i];
    for (std::int32_t j = 0; j < b_size; ++j) Op::add(to[i + j], weight * b[j]);
  }
}

// to[i] = the sum over j of b[j] * from[i + j].
template <typename Op, typename Real>
void convolve_down(const Real* b, std::int32_t b_size, const Real* from, Real* to, std::int32_t a_size, Real* scratch) {
  if constexpr (Comparable<Real>::value) {
    if (long_convolution(a_size, b_size)) {
      return Convolution<Op, Real>(scratch)(b, b_size, true, from, a_size + b_size - 1, b_size - 1, a_size + b_size - 1, to);
    }
  }
  for (std::int32_t i = 0; i < a_size; ++i) to[i] = Real(0);
  for (std::int32_t j = 0; j < b_size; ++j) {
    const Real weight = b[j];
    for (std::int32_t i = 0; i < a_size; ++i) Op::add(to[i], weight * from[i + j]);
  }
}

template <typename Op, typename Real>
Real sum(const Structure& s, const Real* const* in, Real* const* out, Real* scratch) {
  const std::int32_t inputs = s.count() - 1;
  const SumNode& root = s.tree.back();
  Real* const up = scratch;
  Real* const down = up + (root.offset + root.size);
  Real* const rest = down + (root.offset + root.size);
  for (const SumNode& node : s.tree) {
    Real* const to = up + node.offset;
    if (node.left < 0) {
      pool<Op>(s, node.first, in[node.first], node.size, to, static_cast<Real*>(nullptr));
      continue;
    }
    const SumNode& a = s.tree[node.left];
    const SumNode& b = s.tree[node.right];
    convolve_up<Op>(up + a.offset, a.size, up + b.offset, b.size, to, rest);
  }
  pool<Op>(s, inputs, in[inputs], root.size, down + root.offset, static_cast<Real*>(nullptr));
  if (out[inputs] != nullptr) spread(s, inputs, up + root.offset, Real(0), out[inputs]);
  for (auto node = s.tree.rbegin(); node != s.tree.rend(); ++node) {
    if (!any_wanted(out, node->first, node->last)) continue;
    const Real* const from = down + node->offset;
    if (node->left < 0) {
      spread(s, node->first, from, Real(0), out[node->first]);
      continue;
    }
    const SumNode& a = s.tree[node->left];
    const SumNode& b = s.tree[node->right];
    if (any_wanted(out, a.first, a.last)) {
      convolve_down<Op>(up + b.offset, b.size, from, down + a.offset, a.size, rest);
    }
    if (any_wanted(out, b.first, b.last)) {
      convolve_down<Op>(up + a.offset, a.size, from, down + b.offset, b.size, rest);
    }
  }
  return inner_product<Op>(up + root.offset, down + root.offset, root.size);
}

}  // namespace EMNESY_ISA
}  // namespace emnesy::factors
