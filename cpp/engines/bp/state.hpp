// One thread's memory, and what it knows of the example at hand.
#pragma once

#include <algorithm>
#include <cstdint>
#include <stdexcept>
#include <string>
#include <vector>

#include "bp/kernels.hpp"
#include "bp/numbers.hpp"
#include "bp/plan.hpp"

namespace emnesy::bp {

template <typename Real>
struct State {
  explicit State(const Plan& p)
      : plan(p),
        scratch(p.scratch_size, Real(0)),
        rows(1 + p.block_size.size(), nullptr),
        observed(p.variable.size(), -1),
        value(p.variable.size(), 0),
        leaf(p.most_leaves, nullptr),
        belief(p.most_leaves, nullptr),
        in(p.most_interfaces, nullptr),
        out(p.most_interfaces, nullptr),
        spare_store(2 * std::max(p.most_leaves, p.most_interfaces), Real(0)),
        accumulator(p.largest, Real(0)) {
    std::fill_n(scratch.begin() + p.ones, p.ones_count, Real(1));
    rows[0] = scratch.data();
    spare = {spare_store.data(), spare_store.data() + spare_store.size() / 2};
  }

  const Real* at(const Place& place) const { return rows[place.row] + place.offset; }
  const Real* own(std::int32_t variable) const { return at(plan.variable[variable].own); }
  Real* at(std::int64_t offset) { return scratch.data() + offset; }

  const Plan& plan;
  std::vector<Real> scratch;
  std::vector<const Real*> rows;  // by Place::row
  std::vector<std::int32_t> observed;  // the value that evidence gives a variable with one slot, or -1
  std::vector<std::int32_t> value;     // decoded
  const std::int32_t* labels = nullptr;
  double log_total = 0;        // log of what has been multiplied out so far ...
  std::int64_t exponent = 0;   // ... and the powers of two of the messages

  std::vector<const Real*> leaf;  // arguments of the kernels
  std::vector<Real*> belief;
  std::vector<const Real*> in;
  std::vector<Real*> out;
  std::vector<Real> spare_store;
  Spare<Real> spare;
  std::vector<Real> accumulator;
};

// The part of the factor's table that the evidence leaves.
template <typename Real>
Range visited(const State<Real>& state, const Factor& factor, const Table& table) {
  std::int32_t first = 0, last = table.slice_count();
  if (factor.slice_variable >= 0 && state.observed[factor.slice_variable] >= 0) {
    first = state.observed[factor.slice_variable];
    last = first + 1;
  }
  return {table.slice_group[first], table.slice_group[last]};
}

// Multiplies what belongs to the groups of each slice by the slice variable's own weight.
template <typename Real>
void weigh_slices(const State<Real>& state, const Factor& factor, const Table& table, Real* groups) {
  if (!factor.slice_local) return;
  const Real* own = state.own(factor.slice_variable);
  const std::int32_t picked = state.observed[factor.slice_variable];
  if (picked >= 0 && !factor.slice_choice) return;
  const Place& place = state.plan.variable[factor.slice_variable].own;
  if (place.row == 0 && place.offset == state.plan.ones) return;
  const std::int32_t first = picked >= 0 ? picked : 0, last = picked >= 0 ? picked + 1 : table.slice_count();
  for (std::int32_t s = first; s < last; ++s) {
    for (std::int32_t g = table.slice_group[s]; g < table.slice_group[s + 1]; ++g) groups[g] *= own[s];
  }
}

// Every group's sum: the only visit to the tuples on the way up.
template <typename Op, typename Real>
void sum_groups(State<Real>& state, const Factor& factor, const Table& table, const Range& range) {
  for (std::int32_t k = 0; k < table.leaf_count; ++k) {
    state.leaf[k] = state.own(state.plan.leaf[factor.leaf_begin + k]);
  }
  sum_tuples<Op>(table, range, state.leaf.data(), state.at(factor.groups));
  weigh_slices(state, factor, table, state.at(factor.groups));
}

// Makes the products of a factor's step. False: one of them cannot be trusted.
template <typename Real>
bool multiply(State<Real>& state, std::int32_t begin, std::int32_t end, std::int64_t& exponent) {
  for (std::int32_t p = begin; p < end; ++p) {
    const Product& product = state.plan.product[p];
    Real* output = state.at(product.output);
    std::copy_n(state.at(state.plan.product_input[product.input_begin]), product.cardinality, output);
    for (std::int32_t i = product.input_begin + 1; i < product.input_end; ++i) {
      const Real* input = state.at(state.plan.product_input[i]);
      for (std::int32_t v = 0; v < product.cardinality; ++v) output[v] *= input[v];
      if (!rescale(output, product.cardinality, exponent)) return false;
    }
  }
  return true;
}

}  // namespace emnesy::bp
