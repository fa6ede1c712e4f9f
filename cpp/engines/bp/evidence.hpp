// What the labels and priors of one example say of each variable.
#pragma once

#include "bp/lanes.hpp"
#include "bp/state.hpp"

namespace emnesy::bp {
inline namespace EMNESY_ISA {

inline void check_label(const FactorGraph& graph, std::size_t s, std::int32_t label) {
  if (label < graph.slot_label_count[s]) return;
  throw std::out_of_range("label " + std::to_string(label) + " of evidence slot " + std::to_string(s) + ", which has " +
                          std::to_string(graph.slot_label_count[s]));
}

// Notes single observed values; the rest of the evidence acts through masks.
template <typename Real>
void observe(State<Real>& state, const FactorGraph& graph) {
  const Plan& plan = state.plan;
  for (std::size_t s = 0; s < graph.slot_variable.size(); ++s) {
    const std::int32_t label = state.labels[s];
    const std::int32_t variable = graph.slot_variable[s];
    check_label(graph, s, label);
    const Variable& v = plan.variable[variable];
    const bool only = v.slot_end - v.slot_begin == 1;
    state.observed[variable] = label < 0 || !only ? -1 : plan.slot_value[plan.slot_value_begin[s] + label];
  }
}

#if EMNESY_LANES
// The weight one lane gives each value. labels: slot-major, a vector of lanes each.
template <typename T, int L>
void apply_slot_to_lanes(const State<Lanes<T, L>>& state, const FactorGraph& graph, std::int32_t s,
                         std::int32_t cardinality, Lanes<T, L>* weights) {
  const Plan& plan = state.plan;
  const std::int32_t* labels = state.labels + std::int64_t{s} * L;
  if (plan.slot_simple[s]) {
    typename IntLanes<T, L>::Vector value;
    if (plan.slot_simple[s] == 2) {
      for (int i = 0; i < L; ++i) value[i] = labels[i];
    } else {
      const std::int32_t* values = plan.slot_value.data() + plan.slot_value_begin[s];
      for (int i = 0; i < L; ++i) value[i] = labels[i] < 0 ? -1 : values[labels[i]];
    }
    const auto missing = value < 0;
    const Lanes<T, L> zero(0.0);
    for (std::int32_t k = 0; k < cardinality; ++k) {
      weights[k] = select(IntLanes<T, L>{(value == k) | missing}, weights[k], zero);
    }
    return;
  }
  for (int i = 0; i < L; ++i) {
    if (labels[i] < 0) continue;
    const std::uint8_t* mask = graph.slot_mask.data() + graph.slot_mask_begin[s] + std::int64_t{labels[i]} * cardinality;
    for (std::int32_t k = 0; k < cardinality; ++k) {
      if (!mask[k]) weights[k].v[i] = 0;
    }
  }
}
#endif

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
    if constexpr (State<Real>::lanes) {
      apply_slot_to_lanes(state, graph, s, v.cardinality, weights);
    } else {
      if (state.labels[s] < 0) continue;
      const std::uint8_t* mask =
          graph.slot_mask.data() + graph.slot_mask_begin[s] + std::int64_t{state.labels[s]} * v.cardinality;
      for (std::int32_t k = 0; k < v.cardinality; ++k) {
        if (!mask[k]) weights[k] = Real(0);
      }
    }
  }
}

// The prior of each value, "none" included.
template <typename Real>
void read_prior(const State<Real>& state, const Variable& v, Real* weights) {
  const Real* prior = state.rows[1 + v.block] + v.offset;
  const std::int32_t count = v.alternatives();
  Remainder<Real> none;
  for (std::int32_t k = 0; k < count; ++k) {
    weights[k] = prior[std::int64_t{k} * v.stride];
    none.take(weights[k]);
  }
  if (v.has_none) weights[count] = none.value();
}

// The own weights that belong to a pane and do not lie ready in a prior block.
template <typename Real>
void prepare_pane(State<Real>& state, const Pane& pane) {
  if constexpr (State<Real>::lanes) {
    for (std::int32_t i = pane.mask_begin; i < pane.mask_end; ++i) {
      const Variable& v = state.plan.variable[state.plan.pane_mask[i]];
      Real* weights = state.window.data() + v.window;
      std::fill_n(weights, v.cardinality, Real(1));
      apply_masks(state, *state.panes.graph, v, weights);
    }
  }
}

// Writes the own weights that do not lie ready in a prior block, and multiplies in what pinned variables and
// variables without a factor say of the evidence. False: the evidence is impossible.
template <typename Real>
bool prepare(State<Real>& state, const FactorGraph& graph) {
  const Plan& plan = state.plan;
  for (const std::int32_t variable : plan.prepared) {
    const Variable& v = plan.variable[variable];
    if (State<Real>::lanes && v.window >= 0) continue;  // when its pane opens
    if (v.only_slices && state.observed[variable] >= 0 && v.query_end == v.query_begin) continue;
    Real* weights = state.at(v.own.offset);
    if (v.choice()) {
      read_prior(state, v, weights);
    } else {
      std::fill_n(weights, v.cardinality, Real(1));
    }
    apply_masks(state, graph, v, weights);
  }
  for (const std::int32_t variable : plan.pinned) {
    const Variable& v = plan.variable[variable];
    Real* weights = state.accumulator.data();
    if (v.choice()) {
      read_prior(state, v, weights);
    } else {
      std::fill_n(weights, v.cardinality, Real(1));
    }
    apply_masks(state, graph, v, weights);
    const Real weight = weights[v.pinned];
    if (!state.holds(weight)) return false;
    if (v.choice()) state.logs.add(weight);
  }
  for (const std::int32_t variable : plan.free) {
    const Variable& v = plan.variable[variable];
    if (v.choice() && v.slot_end == v.slot_begin && v.allowed < 0) continue;  // no evidence: its prior sums to one
    const Real* own = state.own(variable);
    Real total(0);
    for (std::int32_t k = 0; k < v.cardinality; ++k) total += own[k];
    if (!state.holds(total)) return false;
    state.logs.add(total);
  }
  return true;
}

}  // namespace EMNESY_ISA
}  // namespace emnesy::bp
