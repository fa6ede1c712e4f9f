// The sum of many variables by a balanced tree of convolutions: upwards every node's distribution of the sum below it,
// downwards the weight that the rest of the factor gives to each sum below the node. (Tarlow, Swersky, Zemel, Adams, Frey,
// "Fast exact inference for recursive cardinality models", UAI 2012, who use it for counts.)
//
// n Boolean inputs cost O(n^2) in all, half of it at the root. A fast Fourier transform would make that O(n log^2 n), but its
// errors are relative to the largest entry: probabilities of unlikely sums would drown (at 2^-24 of the largest in float), some
// would become negative, and there is no such transform for Max. Direct convolutions keep every entry's relative precision.
#pragma once

#include "factors/symbols.hpp"

namespace emnesy::factors {
inline namespace EMNESY_ISA {

template <typename Op, typename Real>
Real sum(const Structure& s, const Real* const* in, Real* const* out, Real* scratch) {
  const std::int32_t inputs = s.count() - 1;
  const SumNode& root = s.tree.back();
  Real* const up = scratch;
  Real* const down = up + (root.offset + root.size);
  for (const SumNode& node : s.tree) {
    Real* const to = up + node.offset;
    if (node.input >= 0) {
      pool<Op>(s, node.input, in[node.input], node.size, to, static_cast<Real*>(nullptr));
      continue;
    }
    const SumNode& a = s.tree[node.left];
    const SumNode& b = s.tree[node.right];
    for (std::int32_t i = 0; i < node.size; ++i) to[i] = Real(0);
    for (std::int32_t i = 0; i < a.size; ++i) {
      const Real weight = up[a.offset + i];
      for (std::int32_t j = 0; j < b.size; ++j) Op::add(to[i + j], weight * up[b.offset + j]);
    }
  }
  pool<Op>(s, inputs, in[inputs], root.size, down + root.offset, static_cast<Real*>(nullptr));
  if (out[inputs] != nullptr) spread(s, inputs, up + root.offset, Real(0), out[inputs]);
  for (auto node = s.tree.rbegin(); node != s.tree.rend(); ++node) {
    const Real* const from = down + node->offset;
    if (node->input >= 0) {
      if (out[node->input] != nullptr) spread(s, node->input, from, Real(0), out[node->input]);
      continue;
    }
    const SumNode& a = s.tree[node->left];
    const SumNode& b = s.tree[node->right];
    for (std::int32_t i = 0; i < a.size; ++i) down[a.offset + i] = Real(0);
    for (std::int32_t j = 0; j < b.size; ++j) down[b.offset + j] = Real(0);
    for (std::int32_t i = 0; i < a.size; ++i) {
      Real total(0);
      const Real weight = up[a.offset + i];
      for (std::int32_t j = 0; j < b.size; ++j) {
        Op::add(total, up[b.offset + j] * from[i + j]);
        Op::add(down[b.offset + j], weight * from[i + j]);
      }
      down[a.offset + i] = total;
    }
  }
  return inner_product<Op>(up + root.offset, down + root.offset, root.size);
}

}  // namespace EMNESY_ISA
}  // namespace emnesy::factors
