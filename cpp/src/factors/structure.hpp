// One structured factor's parameters, laid out for message passing. Factors that have the same ones share them.
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "emnesy/factor_graph.hpp"
#include "factors/subsets.hpp"

// The instructions that a translation unit is compiled for: see cpp/engines/bp/isa.hpp.
#ifndef EMNESY_ISA
#define EMNESY_ISA portable
#endif

namespace emnesy::factors {

// A node of a sum's convolution tree: the sum of the inputs below it, which is less than `size`.
struct SumNode {
  std::int32_t left = -1, right = -1;  // nodes; or an input:
  std::int32_t input = -1;
  std::int32_t size = 1;
  std::int64_t offset = 0;             // of its numbers in scratch
};

struct Structure {
  FactorKind kind = FactorKind::Table;
  std::vector<std::int32_t> cardinality;  // per scope position
  std::vector<std::int32_t> map_begin;    // per scope position, its value map in `map`
  std::vector<std::int32_t> map;
  std::vector<std::uint8_t> identity;     // per scope position: value v means v, and there is no other meaning
  std::vector<std::int32_t> parameter;    // see FactorGraph::parameter
  std::shared_ptr<const Subsets> subsets; // AllDifferent
  std::vector<SumNode> tree;              // Sum; children before parents
  std::int64_t scratch = 0;               // how many numbers `messages` needs beside its arguments

  std::int32_t count() const { return static_cast<std::int32_t>(cardinality.size()); }
  std::int32_t meaning(std::int32_t position, std::int32_t value) const { return map[map_begin[position] + value]; }
  const std::int32_t* map_of(std::int32_t position) const { return map.data() + map_begin[position]; }
  bool operator==(const Structure& other) const {
    return kind == other.kind && cardinality == other.cardinality && map == other.map && parameter == other.parameter;
  }
};

// The parameters of factor f, which is no table, of a graph that verify() accepts.
Structure make_structure(const FactorGraph& graph, std::size_t f);

// What every kind's messages() in this folder does, for one factor:
//
//   template <typename Op, typename Real>
//   Real messages(const Structure& s, const Real* const* in, Real* const* out, Real* scratch);
//
// in[k]: the message from the k-th scope variable, an entry a value. out[k]: where the message to it goes, that is, for
// every value the sum over the allowed joint values with it of the product of the other messages; null: not
// wanted. It may be in[k] for no k. Returns the sum over all allowed joint values of the product of all messages. `Op`
// is what "sum" means: Sum, or Max for the greatest product. Messages need not be normalised, and may hold zeros.
//
// Real is any type with zero and one (from an int), + and *, and Op::add(Real&, Real): float, double, a number with a wide
// exponent, or a bundle of examples. There is neither a branch on a Real, nor a division, nor a subtraction.

inline namespace EMNESY_ISA {

template <typename Op, typename Real>
Real sum_of(Real a, Real b) {
  Op::add(a, b);
  return a;
}

// symbols[s] = the sum over the values that mean s; values that mean -1 go to *none (or nowhere).
template <typename Op, typename Real>
void pool(const Structure& s, std::int32_t position, const Real* message, std::int32_t count, Real* symbols, Real* none) {
  const std::int32_t* map = s.map_of(position);
  for (std::int32_t i = 0; i < count; ++i) symbols[i] = Real(0);
  for (std::int32_t v = 0; v < s.cardinality[position]; ++v) {
    if (map[v] >= 0) {
      Op::add(symbols[map[v]], message[v]);
    } else if (none != nullptr) {
      Op::add(*none, message[v]);
    }
  }
}

// The other way: every value gets its symbol's number; those that mean -1 get `none`.
template <typename Real>
void spread(const Structure& s, std::int32_t position, const Real* symbols, Real none, Real* message) {
  const std::int32_t* map = s.map_of(position);
  for (std::int32_t v = 0; v < s.cardinality[position]; ++v) message[v] = map[v] >= 0 ? symbols[map[v]] : none;
}

template <typename Op, typename Real>
Real inner_product(const Real* a, const Real* b, std::int32_t count) {
  Real total(0);
  for (std::int32_t i = 0; i < count; ++i) Op::add(total, a[i] * b[i]);
  return total;
}

}  // namespace EMNESY_ISA
}  // namespace emnesy::factors
