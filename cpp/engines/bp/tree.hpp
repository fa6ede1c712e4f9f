// Trees: one pass from the leaves of each tree to its root, one back. Exact.
//
// Kschischang, Frey, Loeliger, "Factor graphs and the sum-product algorithm", IEEE Trans. Inf. Theory 47 (2001).
#pragma once

#include "bp/evidence.hpp"
#include "bp/fetch.hpp"
#include "bp/share.hpp"
#include "bp/state.hpp"
#include "bp/structured.hpp"

namespace emnesy::bp {
inline namespace EMNESY_ISA {

template <typename Real>
void find_messages(State<Real>& state, const Factor& factor, const Table& table) {
  const Interface* interface = state.plan.interface.data() + factor.interface_begin;
  for (std::int32_t k = 0; k < table.interface_count; ++k) {
    state.in[k] = state.at(interface[k].in);
    state.out[k] = state.at(interface[k].out);
  }
}

// From the groups' sums: the message to the parent, or a root's total into logs and exponent.
template <typename Op, typename Real>
EMNESY_ONE_COPY bool send_up(State<Real>& state, const Factor& factor, const Table& table, const Range& range) {
  const Plan& plan = state.plan;
  if (!multiply(state, factor.up_begin, factor.up_end, state.exponent)) return false;
  find_messages(state, factor, table);
  const Real* groups = state.groups(factor);
  if (factor.has_parent) {
    const std::int32_t last = table.interface_count - 1;
    const std::int32_t values = plan.interface[factor.interface_begin + last].cardinality;
    Real* message = state.out[last];
    if (factor.structured >= 0) {
      structured_up<Op>(state, factor, table.interface_count);
    } else {
      std::fill_n(message, values, Real(0));
      message_up<Op>(table, range, groups, state.in.data(), message);
    }
    return state.check(rescale(message, values, state.exponent));
  }
  Real total = factor.structured >= 0 ? structured_messages<Op>(state, factor, 0, 0)
                                      : messages_out<Op>(table, range, groups, state.in.data(), state.out.data(),
                                                         state.bench(plan.group_weights), 0, state.spare);
  if (!state.check(rescale(&total, 1, state.exponent))) return false;
  state.logs.add(total);
  return true;
}

template <typename Real>
void open_pane(State<Real>& state, const Pane& pane) {
  state.open_pane(pane);
  prepare_pane(state, pane);
}

// The pane that factor i is the first of, for a visit to its leaves: on the way up, where the last comes first, or down.
template <typename Real>
void open_above(State<Real>& state, std::int32_t i) {
  const Plan& plan = state.plan;
  if (!State<Real>::lanes || plan.pane.empty()) return;
  const Pane& pane = plan.pane[plan.pane_of[i]];
  if (pane.end != i + 1) return;
  open_pane(state, pane);
  state.judge_pane(pane);
}
template <typename Real>
void open_below(State<Real>& state, std::int32_t i) {
  const Plan& plan = state.plan;
  if (!State<Real>::lanes || plan.pane.empty()) return;
  const Pane& pane = plan.pane[plan.pane_of[i]];
  if (pane.begin == i) open_pane(state, pane);
}
// What has been emitted of its leaves goes to the examples' rows.
template <typename Real>
void close_below(State<Real>& state, std::int32_t i) {
  const Plan& plan = state.plan;
  if (!State<Real>::lanes || plan.pane.empty()) return;
  const Pane& pane = plan.pane[plan.pane_of[i]];
  if (pane.end == i + 1) state.close_pane(pane);
}

// Of the top, the groups' sums alone, which wait for nothing; of subtrees, everything.
template <typename Op>
struct UpwardPiece {
  template <typename Real>
  bool operator()(State<Real>& state, std::int32_t begin, std::int32_t end) const {
    const bool top = begin < state.plan.trees.top;
    for (std::int32_t i = end; i-- > begin;) {
      open_above(state, i);
      fetch_factor<true>(state, i - fetched_ahead);
      const Factor& factor = state.plan.tree[i];
      const Table& table = state.table(factor);
      const Range range = visited(state, factor, table);
      sum_groups<Op>(state, factor, table, range);
      if (!top && !send_up<Op>(state, factor, table, range)) return false;
    }
    return true;
  }
};

// Sums: those of the groups have not been made yet.
template <typename Op, bool Sums>
struct UpwardStem {
  template <typename Real>
  bool operator()(State<Real>& state, std::int32_t begin, std::int32_t end) const {
    for (std::int32_t i = end; i-- > begin;) {
      if constexpr (Sums) open_above(state, i);
      fetch_factor<true>(state, i - fetched_ahead);
      const Factor& factor = state.plan.tree[i];
      const Table& table = state.table(factor);
      const Range range = visited(state, factor, table);
      if constexpr (Sums) sum_groups<Op>(state, factor, table, range);
      if (!send_up<Op>(state, factor, table, range)) return false;
    }
    return true;
  }
};

template <typename Real, typename Step>
bool upward_stems(Share<Real>& share, const Step& step) {
  const TreeCut& cut = share.mine().plan.trees;
  for (std::size_t level = cut.level.size() - 1; level-- > 0;) {
    if (!share.sum(cut.stem, cut.level[level], cut.level[level + 1], step)) return false;
  }
  return true;
}

// Afterwards every message towards a root is known, and logs and exponent hold log p(evidence), or with Max that
// of the most probable assignment. False: some message cannot be trusted.
template <typename Op, typename Real>
bool upward(Share<Real>& share) {
  const TreeCut& cut = share.mine().plan.trees;
  const auto pieces = static_cast<std::int32_t>(cut.piece.size()) - 1;
  if (share.alone()) {  // visits every factor once
    return share.sum(cut.piece, cut.top_pieces, pieces, UpwardPiece<Op>{}) && upward_stems(share, UpwardStem<Op, true>{});
  }
  return share.each(cut.piece, 0, cut.top_pieces, UpwardPiece<Op>{}) &&
         share.sum(cut.piece, cut.top_pieces, pieces, UpwardPiece<Op>{}) && upward_stems(share, UpwardStem<Op, false>{});
}

// Pointers to the leaves' own weights and to places for their beliefs, which start at zero.
template <typename Real>
void find_leaves(State<Real>& state, const Factor& factor, const Table& table) {
  const Plan& plan = state.plan;
  Real* accumulators = state.bench(plan.accumulators);
  const std::int32_t* leaves = plan.leaf.data() + factor.leaf_begin;
  std::int64_t used = 0;
  for (std::int32_t k = 0; k < table.leaf_count; ++k) {
    state.leaf[k] = state.own(leaves[k]);
    state.belief[k] = accumulators + used;
    used += plan.variable[leaves[k]].cardinality;
  }
  std::fill_n(accumulators, used, Real(0));
}

// The posterior of one factor's leaves and of its local slice variable, from the groups' weights.
template <typename Op, typename Real, typename Sink>
void emit_leaves(State<Real>& state, const Factor& factor, const Table& table, const Range& range, Real* weights,
                 Sink& sink) {
  const Plan& plan = state.plan;
  if (factor.slice_local) {
    if (plan.variable[factor.slice_variable].wanted()) {
      const Real* groups = state.groups(factor);
      std::fill_n(state.accumulator.data(), table.slice_count(), Real(0));
      for (std::int32_t s = 0; s < table.slice_count(); ++s) {
        const std::int32_t first = std::max(range.group_begin, table.slice_group[s]);
        const std::int32_t last = std::min(range.group_end, table.slice_group[s + 1]);
        for (std::int32_t g = first; g < last; ++g) Op::add(state.accumulator[s], groups[g] * weights[g]);
      }
      sink.belief(factor.slice_variable, state.accumulator.data());
    }
    weigh_slices(state, factor, table, weights);
  }
  if (table.leaf_count == 0) return;
  find_leaves(state, factor, table);
  leaf_beliefs<Op>(table, range, state.leaf.data(), weights, state.belief.data(), state.spare);
  for (std::int32_t k = 0; k < table.leaf_count; ++k) {
    sink.product(plan.leaf[factor.leaf_begin + k], state.leaf[k], state.belief[k]);
  }
}

// The same for a bundle.
template <typename Op, typename Real, typename Sink>
void emit_lane_leaves(State<Real>& state, const Factor& factor, const Real* weights, Sink& sink) {
  const Plan& plan = state.plan;
  const LaneTable& table = plan.lane_table[factor.lane_table];
  const bool slice_wanted = factor.slice_local && plan.variable[factor.slice_variable].wanted();
  if (table.groups.leaf_count == 0 && !slice_wanted) return;
  find_leaves(state, factor, table.groups);
  Real* run_weight = state.run_weight.data();
  const std::int32_t runs = table.run_count();
  if (factor.slice_local) {
    const Real* own = state.own(factor.slice_variable);
    for (std::int32_t r = 0; r < runs; ++r) run_weight[r] = weights[table.run_group[r]] * own[table.run_slice[r]];
  } else {
    for (std::int32_t r = 0; r < runs; ++r) run_weight[r] = weights[table.run_group[r]];
  }
  if (slice_wanted) {
    std::fill_n(state.accumulator.data(), plan.variable[factor.slice_variable].cardinality, Real(0));
    for (std::int32_t r = 0; r < runs; ++r) {
      const int leaves = table.groups.leaf_count;
      const Real sum = table.tuple_weight.empty() ? run_sum<Op, -1, false>(table, r, state.leaf.data(), leaves)
                                                  : run_sum<Op, -1, true>(table, r, state.leaf.data(), leaves);
      Op::add(state.accumulator[table.run_slice[r]], run_weight[r] * sum);
    }
    sink.belief(factor.slice_variable, state.accumulator.data());
  }
  if (table.groups.leaf_count == 0) return;
  cell_beliefs<Op>(table, state.leaf.data(), run_weight, state.belief.data(), state.spare);
  for (std::int32_t k = 0; k < table.groups.leaf_count; ++k) {
    sink.product(plan.leaf[factor.leaf_begin + k], state.leaf[k], state.belief[k]);
  }
}

// weights: of the groups, the product of the messages in; scaled here by 1 / total.
template <typename Op, typename Real, typename Sink>
EMNESY_ONE_COPY void emit_factor(State<Real>& state, const Factor& factor, const Table& table, const Range& range,
                                 Real* weights, Real total, Sink& sink) {
  const Real scale = Real(1) / total;
  for (std::int32_t g = range.group_begin; g < range.group_end; ++g) weights[g] *= scale;
  if constexpr (State<Real>::lanes) {
    emit_lane_leaves<Op>(state, factor, weights, sink);
  } else {
    emit_leaves<Op>(state, factor, table, range, weights, sink);
  }
}

// The messages to the children and, made from them, those to the factors below. Leaves the groups' weights in the bench.
template <typename Real>
EMNESY_ONE_COPY bool send_down(State<Real>& state, const Factor& factor, const Table& table, const Range& range, Real& total) {
  const Plan& plan = state.plan;
  const std::int32_t children = table.interface_count - (factor.has_parent ? 1 : 0);
  typename State<Real>::Exponent ignored{};
  find_messages(state, factor, table);
  const Interface* interface = plan.interface.data() + factor.interface_begin;
  for (std::int32_t k = 0; k < children; ++k) {
    std::fill_n(state.out[k], interface[k].cardinality, Real(0));
  }
  total = factor.structured >= 0 ? structured_messages<Sum>(state, factor, 0, children)
                                 : messages_out<Sum>(table, range, state.groups(factor), state.in.data(), state.out.data(),
                                                     state.bench(plan.group_weights), children, state.spare);
  if (!state.holds(total)) return false;
  for (std::int32_t k = 0; k < children; ++k) {
    const std::int32_t values = interface[k].cardinality;
    if (!state.check(rescale(state.out[k], values, ignored))) return false;
  }
  return multiply(state, factor.down_begin, factor.down_end, ignored);
}

// Into the sink what only this factor knows of; its messages are known. The same sums once more as in send_down, for the groups' weights.
template <typename Real>
Real weigh_groups(State<Real>& state, const Factor& factor, const Table& table, const Range& range) {
  const Plan& plan = state.plan;
  const std::int32_t children = table.interface_count - (factor.has_parent ? 1 : 0);
  find_messages(state, factor, table);
  Real* dropped = state.bench(plan.dropped);
  for (std::int32_t k = 0; k < children; ++k) {
    const std::int32_t values = plan.interface[factor.interface_begin + k].cardinality;
    state.out[k] = dropped;
    dropped = std::fill_n(dropped, values, Real(0));
  }
  return messages_out<Sum>(table, range, state.groups(factor), state.in.data(), state.out.data(), state.bench(plan.group_weights),
                           children, state.spare);
}

enum class Down : std::uint8_t {
  Send,  // messages alone
  Emit,  // the posterior of the leaves alone, once the messages are known
  Both,
};

template <Down Does, typename Sink>
struct Downward {
  Sink& sink;

  template <typename Real>
  bool operator()(State<Real>& state, std::int32_t begin, std::int32_t end) const {
    for (std::int32_t i = begin; i < end; ++i) {
      const Factor& factor = state.plan.tree[i];
      const Table& table = state.table(factor);
      const Range range = visited(state, factor, table);
      Real total;
      if constexpr (Does != Down::Send) open_below(state, i);
      fetch_factor<false>(state, i + fetched_ahead);
      if constexpr (Does == Down::Emit) {
        if (table.leaf_count > 0 || factor.slice_local) {
          total = weigh_groups(state, factor, table, range);
          emit_factor<Sum>(state, factor, table, range, state.bench(state.plan.group_weights), total, sink);
        }
      } else {
        if (!send_down(state, factor, table, range, total)) return false;
        if constexpr (Does == Down::Both) {
          emit_factor<Sum>(state, factor, table, range, state.bench(state.plan.group_weights), total, sink);
        }
      }
      if constexpr (Does != Down::Send) close_below(state, i);
    }
    return true;
  }
};

// The variables between factors.
template <typename Sink>
struct DownwardInner {
  Sink& sink;

  template <typename Real>
  bool operator()(State<Real>& state, std::int32_t begin, std::int32_t end) const {
    const Plan& plan = state.plan;
    for (std::int32_t i = begin; i < end; ++i) {
      const std::int32_t values = plan.variable[plan.inner[i]].cardinality;
      Real* belief = state.accumulator.data();
      Real total(0);
      for (std::int32_t v = 0; v < values; ++v) {
        belief[v] = state.at(plan.inner_up[i])[v] * state.at(plan.inner_down[i])[v];
        total += belief[v];
      }
      if (!state.holds(total)) return false;
      const Real scale = Real(1) / total;
      for (std::int32_t v = 0; v < values; ++v) belief[v] *= scale;
      sink.belief(plan.inner[i], belief);
    }
    return true;
  }
};

template <typename Real, typename Step>
bool downward_stems(Share<Real>& share, const Step& step) {
  const TreeCut& cut = share.mine().plan.trees;
  for (std::size_t level = 0; level + 1 < cut.level.size(); ++level) {
    if (!share.each(cut.stem, cut.level[level], cut.level[level + 1], step)) return false;
  }
  return true;
}

// After upward<Sum>: messages back to the leaves, and every wanted variable's belief into the sink.
template <typename Real, typename Sink>
bool downward(Share<Real>& share, Sink& sink) {
  const Plan& plan = share.mine().plan;
  const TreeCut& cut = plan.trees;
  const auto pieces = static_cast<std::int32_t>(cut.piece.size()) - 1;
  if (share.alone()) {
    if (!downward_stems(share, Downward<Down::Both, Sink>{sink})) return false;
  } else if (!downward_stems(share, Downward<Down::Send, Sink>{sink}) ||
             !share.each(cut.piece, 0, cut.top_pieces, Downward<Down::Emit, Sink>{sink})) {
    return false;
  }
  return share.each(cut.piece, cut.top_pieces, pieces, Downward<Down::Both, Sink>{sink}) &&
         share.each(plan.inner_pieces, DownwardInner<Sink>{sink});
}

}  // namespace EMNESY_ISA
}  // namespace emnesy::bp
