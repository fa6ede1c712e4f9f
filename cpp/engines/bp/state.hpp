// The memory of one example (or bundle of examples) at hand, and that of each thread which works on it.
#pragma once

#include <algorithm>
#include <cstdint>
#include <stdexcept>
#include <string>
#include <vector>

#include "bp/judge.hpp"
#include "bp/kernels.hpp"
#include "bp/lane_kernels.hpp"
#include "bp/lanes.hpp"
#include "bp/memory.hpp"
#include "bp/numbers.hpp"
#include "bp/plan.hpp"

namespace emnesy::bp {
inline namespace EMNESY_ISA {

// Where a bundle's panes come from and go to: rows of examples, a bundle's width of them for each prior block. An output of null:
// not wanted.
template <typename Real>
struct Rows {
  explicit Rows(std::size_t) {}
};
#if EMNESY_LANES
template <typename T, int L>
struct Rows<Lanes<T, L>> {
  explicit Rows(std::size_t blocks) : in(static_cast<std::int64_t>(blocks) * L), out(static_cast<std::int64_t>(blocks) * L) {}
  Memory<const T*> in;
  Memory<T*> out;
  const FactorGraph* graph = nullptr;
  bool judged = false;  // the priors are looked at on the way up
};
#endif

// What all threads know that work on one example (or bundle of examples), and the messages.
template <typename Real>
struct Example {
  explicit Example(const Plan& p)
      : plan(p),
        scratch(p.scratch_size),
        groups_store(Number<Real>::lanes ? p.lane_groups : p.groups),
        rows(1 + p.block_size.size(), nullptr),
        observed(p.variable.size(), -1),
        value(p.variable.size(), 0),
        panes(p.block_size.size()) {
    for (const std::int64_t known : p.known) scratch[known] = Real(1);
    std::fill_n(scratch.data() + p.ones, p.ones_count, Real(1));
    std::fill_n(groups_store.data(), p.plain_groups, Real(1));
    rows[0] = scratch.data();
  }

  const Plan& plan;
  Memory<Real> scratch;
  Memory<Real> groups_store;
  std::vector<const Real*> rows;  // by Place::row
  std::vector<std::int32_t> observed;  // the value that evidence gives a variable with one slot, or -1; no lanes
  std::vector<std::int32_t> value;     // decoded
  Rows<Real> panes;
  const std::int32_t* labels = nullptr;
};

// One thread's view of it, with memory of its own for the factor at hand.
template <typename Real>
struct State {
  using Mask = typename Number<Real>::Mask;
  using Exponent = typename Number<Real>::Exponent;
  static constexpr bool lanes = Number<Real>::lanes;

  explicit State(Example<Real>& example)
      : plan(example.plan),
        scratch(example.scratch.data()),
        groups_store(example.groups_store.data()),
        rows(example.rows.data()),
        observed(example.observed.data()),
        value(example.value.data()),
        labels(example.labels),
        panes(example.panes),
        window(lanes ? plan.window_size : 0),
        bench_store(plan.bench_size),
        leaf(plan.most_leaves, nullptr),
        belief(plan.most_leaves, nullptr),
        in(plan.most_interfaces, nullptr),
        out(plan.most_interfaces, nullptr),
        spare_store(2 * std::max(plan.most_leaves, plan.most_interfaces)),
        run_weight(lanes ? plan.most_runs : 0),
        accumulator(plan.largest),
        structured_in(plan.most_arguments, nullptr),
        structured_out(plan.most_arguments, nullptr) {
    spare = {spare_store.data(), spare_store.data() + spare_store.size() / 2};
  }
  State(const State&) = delete;
  State& operator=(const State&) = delete;

  const Real* at(const Place& place) const { return rows[place.row] + place.offset; }
  const Real* own(std::int32_t variable) const {
    const Variable& v = plan.variable[variable];
    if constexpr (lanes) {
      if (v.window >= 0) return window.data() + v.window;
    }
    return at(v.own);
  }
  bool all_ones(std::int32_t variable) const {
    const Place& place = plan.variable[variable].own;
    return place.row == 0 && place.offset == plan.ones;
  }
  Real* at(std::int64_t offset) { return scratch + offset; }
  Real* bench(std::int64_t offset) { return bench_store.data() + offset; }
  Real* groups(const Factor& factor) const { return groups_store + (lanes ? factor.lane_groups : factor.groups); }
  const Table& table(const Factor& factor) const {
    return lanes ? plan.lane_table[factor.lane_table].groups : plan.table[factor.table];
  }

  // Before the first factor of a pane is visited, and after the last one on the way down.
  void open_pane(const Pane& pane) {
    if constexpr (lanes) {
      using Scalar = typename Real::Scalar;
      constexpr int L = Real::width;
      for (std::int32_t s = pane.span_begin; s < pane.span_end; ++s) {
        const Span& span = plan.pane_span[s];
        const Scalar* from[L];
        for (int i = 0; i < L; ++i) from[i] = panes.in[std::int64_t{span.block} * L + i] + span.begin;
        rows_to_lanes<Scalar, L>(from, span.end - span.begin, window.data() + span.window);
      }
    }
  }
  // On the way up.
  void judge_pane(const Pane& pane) {
    if constexpr (lanes) {
      if (!panes.judged) return;
      for (std::int32_t j = pane.judged_begin; j < pane.judged_end; ++j) plain = plain & plainly(plan.pane_judged[j], window.data());
    }
  }
  void close_pane(const Pane& pane) {
    if constexpr (lanes) {
      using Scalar = typename Real::Scalar;
      constexpr int L = Real::width;
      for (std::int32_t s = pane.span_begin; s < pane.span_end; ++s) {
        const Span& span = plan.pane_span[s];
        if (panes.out[std::int64_t{span.block} * L] == nullptr) continue;
        Scalar* to[L];
        for (int i = 0; i < L; ++i) to[i] = panes.out[std::int64_t{span.block} * L + i] + span.begin;
        lanes_to_rows<Scalar, L>(window.data() + span.window, span.end - span.begin, to);
      }
    }
  }

  // False: nothing more can be trusted. Of a bundle, lanes that cannot be trusted are remembered and the others go on.
  bool check(Mask ok) {
    if constexpr (lanes) {
      trusted = trusted & ok;
      return true;
    } else {
      return ok;
    }
  }
  bool holds(Real x) { return check(Trusted<Real>::holds(x)); }

  void start_totals() {
    logs.clear();
    exponent = Exponent{};
  }
  double log_total(int lane) const {
    return logs.value(lane) + static_cast<double>(Number<Real>::power(exponent, lane)) * 0.693147180559945309417;
  }

  const Plan& plan;
  Real* const scratch;
  Real* const groups_store;
  const Real** const rows;
  std::int32_t* const observed;
  std::int32_t* const value;
  const std::int32_t*& labels;
  const Rows<Real>& panes;
  Memory<Real> window;         // lanes
  Logs<Real> logs;             // of what has been multiplied out so far ...
  Exponent exponent{};         // ... and the powers of two of the messages
  Mask trusted = Number<Real>::all();  // lanes
  Mask plain = Number<Real>::all();    // lanes: priors in panes were distributions
  Real residual = Real(0);     // the greatest change of a message

  Memory<Real> bench_store;
  std::vector<const Real*> leaf;  // arguments of the kernels
  std::vector<Real*> belief;
  std::vector<const Real*> in;
  std::vector<Real*> out;
  Memory<Real> spare_store;
  Spare<Real> spare;
  Memory<Real> run_weight;  // lanes
  Memory<Real> accumulator;
  std::vector<const Real*> structured_in;
  std::vector<Real*> structured_out;
};

// The part of the factor's table that the evidence leaves.
template <typename Real>
Range visited(const State<Real>& state, const Factor& factor, const Table& table) {
  if constexpr (State<Real>::lanes) return {0, table.group_count};
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
  if (state.all_ones(factor.slice_variable)) return;
  const std::int32_t first = picked >= 0 ? picked : 0, last = picked >= 0 ? picked + 1 : table.slice_count();
  for (std::int32_t s = first; s < last; ++s) {
    for (std::int32_t g = table.slice_group[s]; g < table.slice_group[s + 1]; ++g) groups[g] *= own[s];
  }
}

// Every group's sum: the only visit to the tuples on the way up.
template <typename Op, typename Real>
EMNESY_ONE_COPY void sum_groups(State<Real>& state, const Factor& factor, const Table& table, const Range& range) {
  for (std::int32_t k = 0; k < table.leaf_count; ++k) {
    state.leaf[k] = state.own(state.plan.leaf[factor.leaf_begin + k]);
  }
  if constexpr (State<Real>::lanes) {
    const bool sliced = factor.slice_local && !state.all_ones(factor.slice_variable);
    sum_runs<Op>(state.plan.lane_table[factor.lane_table], state.leaf.data(),
                 sliced ? state.own(factor.slice_variable) : nullptr, state.groups(factor));
  } else {
    sum_tuples<Op>(table, range, state.leaf.data(), state.groups(factor));
    weigh_slices(state, factor, table, state.groups(factor));
  }
}

// Makes the products of a factor's step. False: one of them cannot be trusted.
template <typename Real>
bool multiply(State<Real>& state, std::int32_t begin, std::int32_t end, typename State<Real>::Exponent& exponent) {
  for (std::int32_t p = begin; p < end; ++p) {
    const Product& product = state.plan.product[p];
    Real* output = state.at(product.output);
    std::copy_n(state.at(state.plan.product_input[product.input_begin]), product.cardinality, output);
    for (std::int32_t i = product.input_begin + 1; i < product.input_end; ++i) {
      const Real* input = state.at(state.plan.product_input[i]);
      for (std::int32_t v = 0; v < product.cardinality; ++v) output[v] *= input[v];
      if (!state.check(rescale(output, product.cardinality, exponent))) return false;
    }
  }
  return true;
}

}  // namespace EMNESY_ISA
}  // namespace emnesy::bp
