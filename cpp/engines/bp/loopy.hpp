// Components with loops: messages are repeated until they stop changing. Approximate.
//
// The message from a variable to a factor is the product of the variable's own weights and the messages of its other
// factors. It is never divided out of the product of all, which zeros would forbid, nor multiplied together from
// scratch: factors are visited in order, there and back, so that it is what has been visited so far in this sweep times what
// has not, and the second was the first when the sweep before came by. Cost of a sweep: linear in edges.
//
// The order may also be that of what has changed most: bp/residual.hpp. What the messages say in the end: bp/bethe.hpp.
#pragma once

#include <cmath>

#include "bp/state.hpp"
#include "bp/tree.hpp"

namespace emnesy::bp {
inline namespace EMNESY_ISA {

// Of each lane.
template <int Width>
struct Convergence {
  std::int32_t iterations[Width] = {};
  double residual[Width] = {};
  bool converged[Width];

  Convergence() { std::fill_n(converged, Width, true); }
  void merge(const Convergence& other) {
    for (int i = 0; i < Width; ++i) {
      iterations[i] = std::max(iterations[i], other.iterations[i]);
      residual[i] = std::max(residual[i], other.residual[i]);
      converged[i] = converged[i] && other.converged[i];
    }
  }
};

template <typename Real>
class Bethe;
template <typename Real>
class Residual;
template <typename Real, typename Picker>
class Decimation;

template <typename Real>
class Loopy {
 public:
  using Mask = typename Number<Real>::Mask;
  using Exponent = typename Number<Real>::Exponent;
  static constexpr int width = Number<Real>::width;

  Loopy(Share<Real>& share, const Options& options)
      : share_(share),
        state_(share.mine()),
        plan_(state_.plan),
        options_(options),
        fresh_(static_cast<Real>(1.0 - options.damping)),
        kept_(static_cast<Real>(options.damping)) {}

  void start_uniform() {
    for (const Edge& edge : plan_.edge) {
      const std::int32_t values = plan_.variable[edge.variable].cardinality;
      std::fill_n(state_.at(edge.message), values, static_cast<Real>(1.0 / values));
    }
  }

  // Goes on from the messages that lie in Plan::messages, where the caller has put them from an earlier call. A message
  // of zero is a proof only for the priors and evidence it was computed from, and those may have changed since: none is taken
  // over. From positive messages, whatever becomes zero is as impossible as if it had become so from uniform ones. What is
  // raised is raised to no more than what counts as no change.
  void start_from_stored() {
    const Real least = static_cast<Real>(std::min(std::max(options_.tolerance, 1e-9), 1e-3));
    Real* messages = state_.at(plan_.messages);
    for (std::int64_t i = 0; i < plan_.message_count; ++i) messages[i] = greater(messages[i], least);
  }

  // Iterates from the messages stored. False: some message cannot be trusted.
  template <typename Op>
  bool iterate(Convergence<width>& convergence) {
    share_.each(plan_.loopy_pieces, On<&Loopy::sum_groups_of<Op>>{*this});
    gathered_ = false;
    std::fill_n(convergence.converged, width, false);
    active_ = Number<Real>::all();
    if constexpr (!State<Real>::lanes) {
      if (options_.schedule == Schedule::Residual) return Residual<Real>(*this).template run<Op>(convergence);
    }
    if (options_.schedule == Schedule::Sequential && !products_after()) return false;
    for (int iteration = 0; iteration < options_.max_iterations && any(active_); ++iteration) {
      state_.residual = Real(0);
      const bool done = options_.schedule == Schedule::Flooding ? flood<Op>()
                        : iteration % 2 == 1                    ? sweep<Op, true>()
                                                                : sweep<Op, false>();
      if (!done) return false;
      note(state_.residual, convergence);
    }
    return true;
  }

  // Adds the Bethe log-evidence to the totals.
  bool add_log_evidence() { return Bethe<Real>(*this).add_log_evidence(); }

  // Beliefs into the sink.
  template <typename Op, typename Output>
  bool emit(Output& sink) {
    return Bethe<Real>(*this).template emit<Op>(sink);
  }

 private:
  friend class Bethe<Real>;
  friend class Residual<Real>;
  template <typename R, typename Picker>
  friend class Decimation;

  // The same for another thread's pieces.
  Loopy(const Loopy& whole, State<Real>& state)
      : share_(whole.share_),
        state_(state),
        plan_(whole.plan_),
        options_(whole.options_),
        fresh_(whole.fresh_),
        kept_(whole.kept_),
        active_(whole.active_) {}

  template <bool (Loopy::*Step)(std::int32_t, std::int32_t)>
  struct On {
    const Loopy& whole;
    bool operator()(State<Real>& state, std::int32_t begin, std::int32_t end) const {
      Loopy part(whole, state);
      return (part.*Step)(begin, end);
    }
  };
  template <typename Op>
  bool sum_groups_of(std::int32_t begin, std::int32_t end) {
    for (std::int32_t f = begin; f < end; ++f) {
      const Factor& factor = plan_.loopy[f];
      const Table& table = state_.table(factor);
      if (!factor.plain) sum_groups<Op>(state_, factor, table, visited(state_, factor, table));
    }
    return true;
  }

  std::int32_t cardinality(std::int32_t variable) const { return plan_.variable[variable].cardinality; }
  const Edge& edge_of(const Factor& factor, std::int32_t k) const {
    return plan_.edge[factor.interface_begin + k - plan_.loopy_interface];
  }
  Real* running(std::int32_t variable) { return state_.at(plan_.variable[variable].running); }

  bool normalise(Real* message, std::int32_t count) {
    Real total(0);
    for (std::int32_t v = 0; v < count; ++v) total += message[v];
    if (!state_.holds(total)) return false;
    const Real scale = Real(1) / total;
    for (std::int32_t v = 0; v < count; ++v) message[v] *= scale;
    return true;
  }

  // Every edge's rest: the product of the messages to its variable after it, in the order of factors.
  bool products_after() { return share_.each(plan_.variable_pieces, On<&Loopy::products_after_of>{*this}); }

  bool products_after_of(std::int32_t begin, std::int32_t end) {
    for (std::int32_t i = begin; i < end; ++i) {
      if (!variable_products(i)) return false;
    }
    return true;
  }

  bool variable_products(std::int32_t i) {
    const std::int32_t variable = plan_.loopy_variable[i], values = cardinality(variable);
    Exponent ignored{};
    Real* product = running(variable);
    std::fill_n(product, values, Real(1));
    for (std::int64_t e = plan_.edge_begin[i + 1]; e-- > plan_.edge_begin[i];) {
      const Edge& edge = plan_.edge[plan_.edge_of_variable[e]];
      std::copy_n(product, values, state_.at(edge.rest));
      const Real* message = state_.at(edge.message);
      for (std::int32_t v = 0; v < values; ++v) product[v] *= message[v];
      if (!state_.check(rescale(product, values, ignored))) return false;
    }
    return true;
  }

  // Every edge's rest: the message from its variable, normalised; and every variable's running product: its belief.
  // Counted: the powers of two of the beliefs go to the state's exponent.
  template <bool Counted>
  bool gather() {
    gathered_ = share_.each(plan_.variable_pieces, On<&Loopy::gather_of<Counted>>{*this});
    return gathered_;
  }

  template <bool Counted>
  bool gather_of(std::int32_t begin, std::int32_t end) {
    Exponent ignored{};
    for (std::int32_t i = begin; i < end; ++i) {
      if (!variable_products(i) || !gather_variable(i, Counted ? state_.exponent : ignored)) return false;
    }
    return true;
  }

  bool gather_variable(std::int32_t i, Exponent& exponent) {
    const std::int32_t variable = plan_.loopy_variable[i], values = cardinality(variable);
    Real* product = running(variable);
    std::copy_n(state_.own(variable), values, product);
    for (std::int64_t e = plan_.edge_begin[i]; e < plan_.edge_begin[i + 1]; ++e) {
      const Edge& edge = plan_.edge[plan_.edge_of_variable[e]];
      Real* rest = state_.at(edge.rest);
      for (std::int32_t v = 0; v < values; ++v) rest[v] *= product[v];
      if (!normalise(rest, values)) return false;
      const Real* message = state_.at(edge.message);
      for (std::int32_t v = 0; v < values; ++v) product[v] *= message[v];
      if (!state_.check(rescale(product, values, exponent))) return false;
    }
    return true;
  }

  // One sweep over the factors, each from the newest messages; there, or back. Several threads go through them level by
  // level, one in the order of factors: no factor sees a difference.
  template <typename Op, bool Back>
  bool sweep() {
    share_.each(plan_.variable_pieces, On<&Loopy::start_sweep<Back>>{*this});
    const SweepCut& cut = plan_.sweep;
    if (share_.alone() || cut.order.empty()) return visit<Op, Back, false>(0, static_cast<std::int32_t>(plan_.loopy.size()));
    const std::size_t levels = cut.level.size() - 1;
    for (std::size_t i = 0; i < levels; ++i) {
      const std::size_t level = Back ? levels - 1 - i : i;
      if (!share_.each(cut.piece, cut.level[level], cut.level[level + 1], On<&Loopy::visit<Op, Back, true>>{*this})) return false;
    }
    return true;
  }

  template <bool Back>
  bool start_sweep(std::int32_t begin, std::int32_t end) {
    for (std::int32_t i = begin; i < end; ++i) {
      const std::int32_t variable = plan_.loopy_variable[i];
      if constexpr (Back) {
        std::fill_n(running(variable), cardinality(variable), Real(1));
      } else {
        std::copy_n(state_.own(variable), cardinality(variable), running(variable));
      }
    }
    return true;
  }

  // Factors begin .. end - 1, or those with these places in the order by levels.
  template <typename Op, bool Back, bool Levels>
  bool visit(std::int32_t begin, std::int32_t end) {
    for (std::int32_t i = begin; i < end; ++i) {
      const std::int32_t f = Levels ? plan_.sweep.order[i] : Back ? end - 1 - (i - begin) : i;
      if (!visit_factor<Op>(plan_.loopy[f])) return false;
    }
    return true;
  }

  template <typename Op>
  EMNESY_ONE_COPY bool visit_factor(const Factor& factor) {
    const Table& table = state_.table(factor);
    Exponent ignored{};
    Real* next = state_.bench(plan_.messages_in);
    for (std::int32_t k = 0; k < table.interface_count; ++k) {
      const Edge& edge = edge_of(factor, k);
      const std::int32_t values = cardinality(edge.variable);
      const Real* done = running(edge.variable);
      const Real* rest = state_.at(edge.rest);
      for (std::int32_t v = 0; v < values; ++v) next[v] = done[v] * rest[v];
      if (!normalise(next, values)) return false;
      state_.in[k] = next;
      next += values;
    }
    if (!compute<Op>(factor, table)) return false;
    for (std::int32_t k = 0; k < table.interface_count; ++k) {
      const Edge& edge = edge_of(factor, k);
      const std::int32_t values = cardinality(edge.variable);
      Real* message = state_.at(edge.message);
      store(state_.out[k], message, values, state_.residual);
      Real* done = running(edge.variable);
      Real* rest = state_.at(edge.rest);
      for (std::int32_t v = 0; v < values; ++v) {
        rest[v] = done[v];
        done[v] *= message[v];
      }
      if (!state_.check(rescale(done, values, ignored))) return false;
    }
    return true;
  }

  // All messages from those of the iteration before.
  template <typename Op>
  bool flood() {
    if (!gather<false>()) return false;
    gathered_ = false;
    return share_.each(plan_.loopy_pieces, On<&Loopy::flood_factors<Op>>{*this});
  }

  template <typename Op>
  bool flood_factors(std::int32_t begin, std::int32_t end) {
    for (std::int32_t f = begin; f < end; ++f) {
      const Factor& factor = plan_.loopy[f];
      const Table& table = state_.table(factor);
      take_gathered(factor, table);
      if (!compute<Op>(factor, table)) return false;
      for (std::int32_t k = 0; k < table.interface_count; ++k) {
        const Edge& edge = edge_of(factor, k);
        store(state_.out[k], state_.at(edge.message), cardinality(edge.variable), state_.residual);
      }
    }
    return true;
  }

  void take_gathered(const Factor& factor, const Table& table) {
    for (std::int32_t k = 0; k < table.interface_count; ++k) state_.in[k] = state_.at(edge_of(factor, k).rest);
  }

  // state.out from state.in, normalised.
  template <typename Op>
  bool compute(const Factor& factor, const Table& table) {
    Real* next = state_.bench(plan_.messages_out);
    for (std::int32_t k = 0; k < table.interface_count; ++k) {
      state_.out[k] = next;
      next += cardinality(edge_of(factor, k).variable);
    }
    std::fill(state_.bench(plan_.messages_out), next, Real(0));
    if (factor.structured >= 0) {
      structured_messages<Op>(state_, factor, 0, table.interface_count);
    } else {
      messages_only<Op>(table, visited(state_, factor, table), !factor.plain, state_.groups(factor), state_.in.data(),
                        state_.out.data(), state_.spare);
    }
    for (std::int32_t k = 0; k < table.interface_count; ++k) {
      if (!normalise(state_.out[k], cardinality(edge_of(factor, k).variable))) return false;
    }
    return true;
  }

  // Damps a computed message into the stored one; lanes that have converged keep theirs.
  void store(const Real* computed, Real* stored, std::int32_t values, Real& residual) {
    // In local variables: through members and references the greatest difference would wait for memory at every step.
    const Real fresh = fresh_, kept = kept_;
    const Mask active = active_;
    Real greatest = residual;
    for (std::int32_t v = 0; v < values; ++v) {
      const Real old = stored[v], next = fresh * computed[v] + kept * old;
      greatest = greater(greatest, distance(next, old));
      stored[v] = select(active, next, old);
    }
    residual = greatest;
  }

  void note(Real residual, Convergence<width>& convergence) {
    for (int i = 0; i < width; ++i) {
      if (!Number<Real>::lane(active_, i)) continue;
      ++convergence.iterations[i];
      convergence.residual[i] = Number<Real>::lane(residual, i);
      convergence.converged[i] = !(convergence.residual[i] > options_.tolerance);
    }
    active_ = active_ & less(static_cast<Real>(options_.tolerance), residual);
    if constexpr (State<Real>::lanes) active_ = active_ & state_.trusted;
  }

  Share<Real>& share_;
  State<Real>& state_;
  const Plan& plan_;
  const Options& options_;
  const Real fresh_, kept_;
  Mask active_ = Number<Real>::all();
  bool gathered_ = false;
};

}  // namespace EMNESY_ISA
}  // namespace emnesy::bp

#include "bp/bethe.hpp"
#include "bp/residual.hpp"
