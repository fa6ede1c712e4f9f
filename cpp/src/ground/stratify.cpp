#include "stratify.hpp"

#include <algorithm>

#include "emnesy/components.hpp"

namespace emnesy {
namespace {

class Dependencies {
 public:
  Dependencies(const Store& store, const std::vector<std::uint8_t>& reached)
      : store_(store), program_(store.program), begin_(program_.atom_count() + 1, 0) {
    for (std::size_t r = 0; r < program_.rule_count(); ++r) {
      const AtomId head = program_.rule_head[r];
      if (reached[head] != 0) begin_[head + 1] += program_.rule_body_begin[r + 1] - program_.rule_body_begin[r];
    }
    for (std::size_t a = 0; a < program_.atom_count(); ++a) begin_[a + 1] += begin_[a];
    target_.resize(static_cast<std::size_t>(begin_.back()));
    through_.resize(target_.size());
    std::vector<std::int64_t> next(begin_.begin(), begin_.end() - 1);
    for (std::size_t r = 0; r < program_.rule_count(); ++r) {
      const AtomId head = program_.rule_head[r];
      if (reached[head] == 0) continue;
      for (std::int64_t i = program_.rule_body_begin[r]; i < program_.rule_body_begin[r + 1]; ++i) {
        target_[next[head]] = literal_atom(program_.rule_body[i]);
        through_[next[head]++] = {static_cast<std::int32_t>(r), literal_negated(program_.rule_body[i])};
      }
    }
  }

  void check() const {
    const Components parts = strongly_connected_components(begin_, target_);
    for (AtomId atom = 0; atom < static_cast<AtomId>(program_.atom_count()); ++atom) {
      for (std::int64_t e = begin_[atom]; e < begin_[atom + 1]; ++e) {
        if (through_[e].negated && parts.component[atom] == parts.component[target_[e]]) refuse(atom, e, parts.component);
      }
    }
  }

 private:
  struct Use {
    std::int32_t rule;
    bool negated;
  };

  CycleStep step(AtomId atom, std::int64_t edge) const {
    return {store_.format_atom(atom), program_.rule_origin[through_[edge].rule], through_[edge].negated};
  }

  // The edge out of `atom`, and a shortest way back to it.
  [[noreturn]] void refuse(AtomId atom, std::int64_t edge, const std::vector<std::int32_t>& component) const {
    std::vector<CycleStep> cycle{step(atom, edge)};
    std::vector<std::int64_t> arrival(program_.atom_count(), -1);
    std::vector<AtomId> source(program_.atom_count(), -1), queue{target_[edge]};
    for (std::size_t i = 0; i < queue.size() && source[atom] < 0; ++i) {
      for (std::int64_t e = begin_[queue[i]]; e < begin_[queue[i] + 1]; ++e) {
        const AtomId next = target_[e];
        if (component[next] != component[atom] || source[next] >= 0) continue;
        source[next] = queue[i];
        arrival[next] = e;
        queue.push_back(next);
      }
    }
    std::vector<CycleStep> back;
    for (AtomId at = atom; at != target_[edge];) {
      back.push_back(step(source[at], arrival[at]));
      at = source[at];
    }
    cycle.insert(cycle.end(), back.rbegin(), back.rend());
    GroundError error(GroundFault::NegativeCycle, cycle.front().rule, -1, -1, {}, cycle.front().atom);
    error.cycle = std::move(cycle);
    throw error;
  }

  const Store& store_;
  const GroundProgram& program_;
  std::vector<std::int64_t> begin_;  // of an atom's edges: to the atoms in the bodies of its rules
  std::vector<AtomId> target_;
  std::vector<Use> through_;
};

}  // namespace

void check_stratified(const Store& store, const std::vector<std::uint8_t>& reached) {
  if (store.denied_own_stratum()) Dependencies(store, reached).check();
}

}  // namespace emnesy
