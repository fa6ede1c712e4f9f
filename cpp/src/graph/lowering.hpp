// The walk over the ground program that makes a factor graph of it; its parts are in lower*.cpp and conjuncts.cpp.
#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "builder.hpp"
#include "emnesy/components.hpp"
#include "emnesy/lower.hpp"

namespace emnesy::graph {

// A variable's rules become one table while its arguments have at most this many joint values, or four times as many
// as there are rules.
constexpr std::int64_t table_limit = 4096;

// With recognition: a Boolean's rules become a disjunction where their arguments have more joint values than this.
constexpr std::int64_t small_table = 256;

// Partial results of an aggregate, over all of its contributions, with which tables are worth a try where structured factors have
// loops.
constexpr std::size_t chain_limit = 1 << 18;

// One rule instance: the value it gives, and what it asks of other variables (sorted, one event a variable).
struct Case {
  std::int32_t value;
  std::vector<Event> body;
};

// What must not hold. gated: where the gate is open.
struct Nogood {
  std::vector<Literal> body;
  bool gated = false;
};

// How much of the structure is looked for: none, that of single rules, or also that of conjunctions through several of them.
enum class Recognition { None, Rules, Conjunctions };

class Lowering {
 public:
  Lowering(const GroundProgram& program, const FunctionalDependencies& dependencies, const EvidenceSlots& slots, bool impossible,
           Recognition recognition, const std::vector<NumberFold>& folds);

  Lowered run();

 private:
  struct SlotLabels {
    std::int32_t variable;
    std::vector<std::vector<std::uint8_t>> masks;
  };
  bool recognise() const { return recognition_ != Recognition::None; }

  // lower.cpp: atoms and variables; the arrays at the end
  Event event(AtomId atom);
  Event event_of(Literal lit);
  std::string name_of(AtomId atom) const;
  void refuse_computed() const;
  void add_choices();
  // Nodes: groups, then atoms; in dependency order. A cycle among them has no factor graph (yet).
  Components order();
  Lowered finish(const std::vector<SlotLabels>& slots);

  // lower_rules.cpp
  // The body as one event a variable; false when it can never hold. A conjunction of several "not this value" on
  // one variable does not fit one event: the variable is then split by its admissible values, one case each.
  bool gather(const Literal* first, const Literal* last, std::vector<std::vector<Event>>& bodies);
  void lower_node(std::int32_t node);
  // Atoms that only rename values of one variable need no variable of their own.
  bool rename(const std::vector<AtomId>& atoms, const std::vector<Case>& cases);
  static std::vector<std::int32_t> scope_of(const std::vector<Case>& cases);
  // Number of joint values, or a very large number.
  std::int64_t joint_size(const std::vector<std::int32_t>& scope) const;
  // Values that no case tells apart become one, where the joint values are then at most `limit`; else nothing happens.
  bool identify_values(std::vector<Case>& cases, const std::vector<std::int32_t>& scope, std::int64_t limit);
  // For every joint value of the scope, the value that the cases give it, or -1.
  std::vector<std::int32_t> fill(const std::vector<Case>& cases, const std::vector<std::int32_t>& scope) const;
  // Calls visit(joint value, its entry) over the whole scope in row-major order.
  template <typename Visit>
  void for_each(const std::vector<std::int32_t>& scope, const std::vector<std::int32_t>& entries, Visit visit) const {
    std::vector<std::int32_t> joint(scope.size(), 0);
    for (const std::int32_t entry : entries) {
      visit(joint, entry);
      for (std::size_t i = scope.size(); i-- > 0;) {
        if (++joint[i] < builder_.cardinality(scope[i])) break;
        joint[i] = 0;
      }
    }
  }
  void tabulate(const std::vector<AtomId>& atoms, const std::vector<Case>& cases, const std::vector<std::int32_t>& scope);
  // A Boolean whose rules have too wide a scope for one table: rules over the same variables become one Boolean each,
  // and their disjunction a chain, or one structured factor.
  Event decompose(const std::vector<Case>& cases, const std::string& name);
  Event disjunction_factor(const std::vector<Case>& cases, const std::string& name);
  // A Boolean that is true where one of the cases over this scope holds.
  Event tabulate_part(const std::vector<Case>& cases, const std::vector<std::int32_t>& scope, std::string name);
  bool read_once(const std::vector<Case>& cases) const;

  // recognise_folds.cpp: the value of an aggregate
  void lower_fold(const NumberFold& fold);

  // lower_evidence.cpp: what is fixed and what is asked
  void fix(const Event& e);
  void add_nogoods();
  void forbid(const std::vector<std::int32_t>& scope, const std::vector<Case>& cases, bool gated);
  void add_queries();
  std::vector<SlotLabels> add_slots();
  // One variable for exclusive events over several variables: its value is the event that holds, the last value none.
  std::vector<Event> select(const std::vector<Event>& events, const std::string& name);

  // conjuncts.cpp: conjunctions taken apart into nogoods
  void collect_nogoods();
  void count_uses();
  void find_gate();
  // "lit must be false" as nogoods, through atoms that are used for nothing else.
  void expand(Literal lit, bool gated, bool first, std::vector<Nogood>& nogoods, std::vector<AtomId>& inlined) const;

  const GroundProgram& program_;
  const FunctionalDependencies& dependencies_;
  const EvidenceSlots& slots_;
  const Recognition recognition_;
  const std::vector<NumberFold>& folds_;
  std::vector<std::int32_t> fold_of_;                // by node, or -1
  Builder builder_;
  std::vector<Event> event_;
  std::vector<std::vector<std::int32_t>> rules_of_;  // by node
  std::vector<std::pair<std::int32_t, std::vector<std::uint8_t>>> fixed_;
  std::vector<Event> queries_;
  std::vector<Nogood> nogoods_;
  std::vector<std::uint8_t> inlined_;                // by atom: it has no variable
  std::vector<std::int32_t> uses_;                   // by atom: in bodies, constraints and evidence
  std::vector<std::uint8_t> seen_;                   // by atom: observed or queried
  std::vector<std::vector<std::int32_t>> rules_of_atom_;
  AtomId gate_atom_ = -1;
  bool gate_negated_ = false;                        // the atom is true where the gate is shut
  std::int32_t gate_ = -1;                           // its variable
  bool impossible_;
};

}  // namespace emnesy::graph
