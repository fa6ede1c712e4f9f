// Loopy graphs: from messages to one joint assignment, by decimation. The variable that is most certain of its value takes
// it (or one drawn from its belief); the messages around it are brought up to date; and so on. What a message rules out is
// passed on without fail, so hard constraints steer the choice; where they contradict each other the last decision is taken back and
// its value ruled out, up to a number of times.
//
// Approximate: beliefs are, so neither is the assignment sure to be the most probable one, nor a sample's distribution the posterior.
// Montanari, Ricci-Tersenghi, Semerjian, "Solving constraint satisfaction problems through belief propagation-guided
// decimation", Allerton 2007.
#pragma once

#include <cstdint>
#include <limits>
#include <vector>

#include "bp/decode.hpp"
#include "bp/loopy.hpp"
#include "bp/residual.hpp"
#include "random.hpp"

namespace emnesy::bp {
inline namespace EMNESY_ISA {

// Picker: Best or Draw. Not for bundles.
template <typename Real, typename Picker>
class Decimation {
 public:
  using Op = typename Picker::Op;

  // The loopy's messages are those of Op; afterwards they are of no more use.
  Decimation(Loopy<Real>& loopy, std::uint64_t seed, std::uint64_t example)
      : loopy_(loopy), state_(loopy.state_), plan_(loopy.plan_), seed_(seed), example_(example) {
    offset_.push_back(0);
    for (const std::int32_t variable : plan_.loopy_variable) offset_.push_back(offset_.back() + loopy_.cardinality(variable));
    excluded_.assign(offset_.back(), kept);
    clamped_.assign(plan_.loopy_variable.size(), -1);
    stale_.assign(plan_.loopy_variable.size(), 1);
    factors_.build(std::vector<double>(plan_.loopy.size(), 0.0));
    variables_.build(std::vector<double>(plan_.loopy_variable.size(), 0.0));
  }

  // True: state.value holds an assignment that every factor and every weight allows, of all variables of loopy components.
  bool run() {
    for (int taken_back = 0;;) {
      bool fine = refresh();
      if (fine) {
        const std::int32_t slot = variables_.top();
        if (variables_.key(slot) < 0) {
          if (finish()) return true;
          fine = false;
        } else {
          fine = decide(slot);
        }
      }
      while (!fine) {
        if (path_.empty() || ++taken_back > most_taken_back) return false;
        fine = take_back();
      }
    }
  }

 private:
  static constexpr int most_taken_back = 64;
  static constexpr std::int32_t kept = std::numeric_limits<std::int32_t>::max();
  static constexpr double settled = 1e-4;   // changes of a message that are not passed on ...
  static constexpr double urgent = 2;       // ... unless they rule a value out

  // The product of own weights and messages, but for one edge's; normalised. False: nothing is left.
  bool product(std::int32_t slot, const Edge* except, Real* out) {
    const std::int32_t variable = plan_.loopy_variable[slot], values = loopy_.cardinality(variable);
    const Real* own = state_.own(variable);
    for (std::int32_t v = 0; v < values; ++v) {
      const bool possible = clamped_[slot] < 0 ? excluded_[offset_[slot] + v] == kept : clamped_[slot] == v;
      out[v] = possible ? own[v] : Real(0);
    }
    if (clamped_[slot] >= 0) {
      out[clamped_[slot]] = Real(1);
      return true;
    }
    typename State<Real>::Exponent ignored{};
    for (std::int64_t i = plan_.edge_begin[slot]; i < plan_.edge_begin[slot + 1]; ++i) {
      const Edge& edge = plan_.edge[plan_.edge_of_variable[i]];
      if (&edge == except) continue;
      const Real* message = state_.at(edge.message);
      for (std::int32_t v = 0; v < values; ++v) out[v] *= message[v];
      if (!rescale(out, values, ignored)) return false;
    }
    return loopy_.normalise(out, values);
  }

  // How certain each variable is whose messages have changed.
  bool refresh() {
    for (std::size_t i = 0; i < stale_.size(); ++i) {
      if (!stale_[i]) continue;
      stale_[i] = 0;
      const auto slot = static_cast<std::int32_t>(i);
      if (clamped_[i] >= 0) {
        variables_.set(slot, -1);
        continue;
      }
      Real* belief = state_.accumulator.data();
      if (!product(slot, nullptr, belief)) return false;
      const std::int32_t values = offset_[i + 1] - offset_[i];
      variables_.set(slot, static_cast<double>(*std::max_element(belief, belief + values)));
    }
    return true;
  }

  bool decide(std::int32_t slot) {
    const std::int32_t variable = plan_.loopy_variable[slot];
    Real* belief = state_.accumulator.data();
    if (!product(slot, nullptr, belief)) return false;
    const std::int32_t value = pick<Picker, Real>(number(static_cast<std::uint64_t>(variable))[0], [&](const auto& offer) {
      for (std::int32_t v = 0; v < loopy_.cardinality(variable); ++v) offer(v, belief[v]);
    });
    if (value < 0) return false;
    path_.push_back({slot, value});
    clamped_[slot] = value;
    stale_[slot] = 1;
    for (std::int64_t i = plan_.edge_begin[slot]; i < plan_.edge_begin[slot + 1]; ++i) {
      factors_.set(plan_.edge[plan_.edge_of_variable[i]].factor, urgent);
    }
    return propagate(8 * (plan_.edge_begin[slot + 1] - plan_.edge_begin[slot]) + 32);
  }

  // The last decision was wrong, given those before it.
  bool take_back() {
    const auto [slot, value] = path_.back();
    path_.pop_back();
    const auto level = static_cast<std::int32_t>(path_.size());
    for (std::int32_t& excluded : excluded_) {
      if (excluded > level) excluded = kept;
    }
    excluded_[offset_[slot] + value] = level;
    clamped_[slot] = -1;
    loopy_.start_uniform();
    std::fill(stale_.begin(), stale_.end(), std::uint8_t{1});
    factors_.build(std::vector<double>(plan_.loopy.size(), urgent));
    return propagate(10 * static_cast<std::int64_t>(plan_.loopy.size()));
  }

  // Factor updates, by residual: `budget` of them, and all that rule a value out. False: a contradiction.
  bool propagate(std::int64_t budget) {
    std::int64_t last = 2 * (plan_.message_count + budget);  // should numbers too small for Real come and go
    for (; factors_.greatest() >= urgent || (factors_.greatest() > settled && budget > 0); --budget, --last) {
      if (last <= 0) break;
      if (!update(factors_.top())) return false;
    }
    return true;
  }

  bool update(std::int32_t f) {
    const Factor& factor = plan_.loopy[f];
    const Table& table = state_.table(factor);
    Real* next = state_.bench(plan_.messages_in);
    for (std::int32_t k = 0; k < table.interface_count; ++k) {
      const Edge& edge = loopy_.edge_of(factor, k);
      if (!product(edge.slot, &edge, next)) return false;
      state_.in[k] = next;
      next += loopy_.cardinality(edge.variable);
    }
    if (!loopy_.template compute<Op>(factor, table)) return false;
    factors_.set(f, 0);
    for (std::int32_t k = 0; k < table.interface_count; ++k) {
      const Edge& edge = loopy_.edge_of(factor, k);
      const Real* computed = state_.out[k];
      if (clamped_[edge.slot] >= 0) {
        if (!(computed[clamped_[edge.slot]] > Real(0))) return false;
        continue;  // its variable has nothing to tell anybody any more
      }
      const double change = take(computed, state_.at(edge.message), loopy_.cardinality(edge.variable));
      if (!(change > 0)) continue;
      stale_[edge.slot] = 1;
      for (std::int64_t i = plan_.edge_begin[edge.slot]; i < plan_.edge_begin[edge.slot + 1]; ++i) {
        const std::int32_t other = plan_.edge[plan_.edge_of_variable[i]].factor;
        if (other == f) continue;
        const double key = factors_.key(other);
        factors_.set(other, std::max(key, change >= urgent ? urgent : std::min(key + change, 1.0)));
      }
    }
    return true;
  }

  // Damped, but a value ruled out is out at once. Returns the greatest change.
  double take(const Real* computed, Real* stored, std::int32_t values) {
    double most = 0;
    for (std::int32_t v = 0; v < values; ++v) {
      const Real old = stored[v];
      const bool out = !(computed[v] > Real(0));
      const Real now = out ? Real(0) : loopy_.fresh_ * computed[v] + loopy_.kept_ * old;
      most = std::max(most, out && old > Real(0) ? urgent : static_cast<double>(distance(now, old)));
      stored[v] = now;
    }
    return most;
  }

  // Everything between factors has a value: is the world possible, and what are the variables of one factor only?
  bool finish() {
    for (std::size_t i = 0; i < clamped_.size(); ++i) {
      const std::int32_t variable = plan_.loopy_variable[i];
      state_.value[variable] = clamped_[i];
      if (!(state_.own(variable)[clamped_[i]] > Real(0))) return false;
    }
    for (std::size_t f = 0; f < plan_.loopy.size(); ++f) {
      const Factor& factor = plan_.loopy[f];
      if (!(factor.structured >= 0 ? allowed(factor) : finish_table(factor, f))) return false;
    }
    return true;
  }

  bool allowed(const Factor& factor) {
    const std::int32_t count = state_.table(factor).interface_count;
    Real* known = state_.bench(plan_.structured_known);
    for (std::int32_t k = 0; k < count; ++k) {
      const std::int32_t variable = loopy_.edge_of(factor, k).variable, values = loopy_.cardinality(variable);
      std::fill_n(known, values, Real(0));
      known[state_.value[variable]] = Real(1);
      state_.in[k] = known;
      known += values;
    }
    return structured_messages<Op>(state_, factor, 0, 0) > Real(0);
  }

  bool finish_table(const Factor& factor, std::size_t f) {
    const Table& table = state_.table(factor);
    const Range range = visited(state_, factor, table);
    const Real* groups = state_.groups(factor);
    const auto numbers = number(2 * plan_.variable.size() + plan_.tree.size() + f);
    const std::int32_t group = pick<Picker, Real>(numbers[0], [&](const auto& offer) {
      for (std::int32_t g = range.group_begin; g < range.group_end; ++g) {
        if (matches(factor, table, g)) offer(g, groups[g]);
      }
    });
    if (group < 0) return false;
    if (factor.slice_local) {
      const auto& slices = table.slice_group;
      state_.value[factor.slice_variable] =
          static_cast<std::int32_t>(std::upper_bound(slices.begin(), slices.end(), group) - slices.begin()) - 1;
    }
    if (table.leaf_count == 0) return true;
    return pick_leaves<Picker>(state_, factor, table, group, numbers[1]);
  }

  bool matches(const Factor& factor, const Table& table, std::int32_t g) const {
    for (std::int32_t k = 0; k < table.interface_count; ++k) {
      const std::int32_t value = table.group_value[std::int64_t{k} * table.group_count + g];
      if (value != state_.value[loopy_.edge_of(factor, k).variable]) return false;
    }
    return true;
  }

  std::array<double, 2> number(std::uint64_t stream) const { return uniform_pair(seed_, example_, stream); }

  struct Decision {
    std::int32_t slot, value;
  };

  Loopy<Real>& loopy_;
  State<Real>& state_;
  const Plan& plan_;
  const std::uint64_t seed_, example_;
  PriorityQueue factors_;              // by how much their messages may change
  PriorityQueue variables_;            // by the greatest belief; decided ones below all others
  std::vector<std::int32_t> offset_;   // per loopy variable: its values in excluded_
  std::vector<std::int32_t> excluded_; // per value: the number of decisions it was ruled out after, or kept
  std::vector<std::int32_t> clamped_;  // per loopy variable: its value, or -1
  std::vector<std::uint8_t> stale_;    // per loopy variable: its certainty is not known
  std::vector<Decision> path_;
};

}  // namespace EMNESY_ISA
}  // namespace emnesy::bp
