// What the labels and priors of one example say of each variable.
#pragma once

#include "bp/state.hpp"

namespace emnesy::bp {

// Notes single observed values; the rest of the evidence acts through masks.
template <typename Real>
void observe(State<Real>& state, const FactorGraph& graph) {
  const Plan& plan = state.plan;
  for (std::size_t s = 0; s < graph.slot_variable.size(); ++s) {
    const std::int32_t label = state.labels[s];
    const std::int32_t variable = graph.slot_variable[s];
    if (label >= graph.slot_label_count[s]) {
      throw std::out_of_range("label " + std::to_string(label) + " of evidence slot " + std::to_string(s) + ", which has " +
                              std::to_string(graph.slot_label_count[s]));
    }
    const Variable& v = plan.variable[variable];
    const bool only = v.slot_end - v.slot_begin == 1;
    state.observed[variable] = label < 0 || !only ? -1 : plan.slot_value[plan.slot_value_begin[s] + label];
  }
}

// Sets the weights to zero of the values that the fixed evidence and this example's labels exclude.
template <typename Real>
void apply_masks(const State<Real>& state, const FactorGraph& graph, const Variable& v, Real* weights) {
  if (v.allowed >= 0) {
    for (std::int32_t i = 0; i < v.cardinality; ++i) {
      if (!state.plan.allowed[v.allowed + i]) weights[i] = Real(0);
    }
  }
  for (std::int32_t i = v.slot_begin; i < v.slot_end; ++i) {
    const std::int32_t s = state.plan.slot_of_variable[i];
    if (state.labels[s] < 0) continue;
    const std::uint8_t* mask =
        graph.slot_mask.data() + graph.slot_mask_begin[s] + std::int64_t{state.labels[s]} * v.cardinality;
    for (std::int32_t k = 0; k < v.cardinality; ++k) {
      if (!mask[k]) weights[k] = Real(0);
    }
  }
}

// The prior of each value, "none" included, where its alternatives lie in `row`.
template <typename Real, typename Source>
void read_prior(const Variable& v, const Source* row, Real* weights) {
  const Source* prior = row + v.offset;
  const std::int32_t count = v.alternatives();
  double sum = 0;
  for (std::int32_t k = 0; k < count; ++k) {
    const Source p = prior[std::int64_t{k} * v.stride];
    weights[k] = static_cast<Real>(p);
    sum += static_cast<double>(p);
  }
  if (v.has_none) weights[count] = static_cast<Real>(std::max(0.0, 1.0 - sum));
}

// Writes the own weights that do not lie ready in a prior block, and multiplies in what pinned variables and
// variables without a factor say of the evidence. False: the evidence is impossible.
template <typename Real, typename Source>
bool prepare(State<Real>& state, const FactorGraph& graph, const Source* const* priors) {
  const Plan& plan = state.plan;
  for (const std::int32_t variable : plan.prepared) {
    const Variable& v = plan.variable[variable];
    if (v.only_slices && state.observed[variable] >= 0 && v.query_end == v.query_begin) continue;
    Real* weights = state.at(v.own.offset);
    if (v.choice()) {
      read_prior(v, priors[v.block], weights);
    } else {
      std::fill_n(weights, v.cardinality, Real(1));
    }
    apply_masks(state, graph, v, weights);
  }
  for (const std::int32_t variable : plan.pinned) {
    const Variable& v = plan.variable[variable];
    Real* weights = state.accumulator.data();
    if (v.choice()) {
      read_prior(v, priors[v.block], weights);
    } else {
      std::fill_n(weights, v.cardinality, Real(1));
    }
    apply_masks(state, graph, v, weights);
    const Real weight = weights[v.pinned];
    if (!Trusted<Real>::holds(weight)) return false;
    if (v.choice()) state.log_total += log_of(weight);
  }
  for (const std::int32_t variable : plan.free) {
    const Variable& v = plan.variable[variable];
    if (v.choice() && v.slot_end == v.slot_begin && v.allowed < 0) continue;  // no evidence: its prior sums to one
    const Real* own = state.own(variable);
    Real total(0);
    for (std::int32_t k = 0; k < v.cardinality; ++k) total += own[k];
    if (!Trusted<Real>::holds(total)) return false;
    state.log_total += log_of(total);
  }
  return true;
}

}  // namespace emnesy::bp
