// What the messages of graphs with loops say: beliefs, and the log-evidence. Approximate.
//
// Log-evidence: minus the Bethe free energy at the messages reached; exact where there is no loop.
// Yedidia, Freeman, Weiss, "Constructing free-energy approximations and generalized belief propagation
// algorithms", IEEE Trans. Inf. Theory 51 (2005).
#pragma once

#include "bp/loopy.hpp"

namespace emnesy::bp {
inline namespace EMNESY_ISA {

template <typename Real>
class Bethe {
 public:
  explicit Bethe(Loopy<Real>& loopy) : loopy_(loopy), plan_(loopy.plan_) {}

  // Into the totals. False, here and below: some message cannot be trusted.
  bool add_log_evidence() {
    return loopy_.template gather<true>() && loopy_.share_.sum(plan_.variable_pieces, AddVariables{loopy_}) &&
           loopy_.share_.sum(plan_.loopy_pieces, AddFactors{loopy_});
  }

  template <typename Op, typename Output>
  bool emit(Output& sink) {
    if (!loopy_.gathered_ && !loopy_.template gather<false>()) return false;
    return loopy_.share_.each(plan_.loopy_pieces, EmitFactors<Op, Output>{loopy_, sink}) &&
           loopy_.share_.each(plan_.variable_pieces, EmitVariables<Output>{loopy_, sink});
  }

 private:
  struct AddVariables {
    const Loopy<Real>& whole;

    bool operator()(State<Real>& state, std::int32_t begin, std::int32_t end) const {
      Loopy<Real> part(whole, state);
      for (std::int32_t i = begin; i < end; ++i) {
        const std::int32_t variable = part.plan_.loopy_variable[i];
        Real total(0);
        const Real* belief = part.running(variable);
        for (std::int32_t v = 0; v < part.cardinality(variable); ++v) total += belief[v];
        if (!state.holds(total)) return false;
        state.logs.add(total);
      }
      return true;
    }
  };

  struct AddFactors {
    const Loopy<Real>& whole;

    bool operator()(State<Real>& state, std::int32_t begin, std::int32_t end) const {
      Loopy<Real> part(whole, state);
      for (std::int32_t f = begin; f < end; ++f) {
        const Factor& factor = part.plan_.loopy[f];
        const Table& table = state.table(factor);
        Real total(0);
        if (!combine<Sum>(part, state, factor, table, total)) return false;
        state.logs.add(total);
        for (std::int32_t k = 0; k < table.interface_count; ++k) {
          const Edge& edge = part.edge_of(factor, k);
          Real product(0);
          for (std::int32_t v = 0; v < part.cardinality(edge.variable); ++v) product += state.in[k][v] * state.at(edge.message)[v];
          if (!state.holds(product)) return false;
          state.logs.subtract(product);
        }
      }
      return true;
    }
  };

  template <typename Op, typename Output>
  struct EmitFactors {
    const Loopy<Real>& whole;
    Output& sink;

    bool operator()(State<Real>& state, std::int32_t begin, std::int32_t end) const {
      Loopy<Real> part(whole, state);
      for (std::int32_t f = begin; f < end; ++f) {
        const Factor& factor = part.plan_.loopy[f];
        const Table& table = state.table(factor);
        if (table.leaf_count == 0 && !factor.slice_local) continue;
        Real total(0);
        if (!combine<Op>(part, state, factor, table, total)) return false;
        emit_factor<Op>(state, factor, table, visited(state, factor, table), state.bench(part.plan_.group_weights), total, sink);
      }
      return true;
    }
  };

  template <typename Output>
  struct EmitVariables {
    const Loopy<Real>& whole;
    Output& sink;

    bool operator()(State<Real>& state, std::int32_t begin, std::int32_t end) const {
      Loopy<Real> part(whole, state);
      for (std::int32_t i = begin; i < end; ++i) {
        const std::int32_t variable = part.plan_.loopy_variable[i];
        if (!part.plan_.variable[variable].wanted()) continue;
        Real* belief = state.accumulator.data();
        std::copy_n(part.running(variable), part.cardinality(variable), belief);
        if (!part.normalise(belief, part.cardinality(variable))) return false;
        sink.belief(variable, belief);
      }
      return true;
    }
  };

  // The factor's total and its groups' weights, from the messages gathered.
  template <typename Op>
  static bool combine(Loopy<Real>& part, State<Real>& state, const Factor& factor, const Table& table, Real& total) {
    part.take_gathered(factor, table);
    if (factor.structured >= 0) {
      total = structured_messages<Op>(state, factor, 0, 0);
    } else {
      total = messages_out<Op>(table, visited(state, factor, table), state.groups(factor), state.in.data(), state.out.data(),
                               state.bench(part.plan_.group_weights), 0, state.spare);
    }
    return state.holds(total);
  }

  Loopy<Real>& loopy_;
  const Plan& plan_;
};

}  // namespace EMNESY_ISA
}  // namespace emnesy::bp
