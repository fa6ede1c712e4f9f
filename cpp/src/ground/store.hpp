// What the grounder has derived so far: relations, atoms, choices, rules, aggregate groups.
#pragma once

#include <cstdint>
#include <vector>

#include "emnesy/grounder.hpp"
#include "hash.hpp"
#include "prefetch.hpp"
#include "relation.hpp"

namespace emnesy {

// Numbers found by a hash of what they stand for; the owner of the things compares them.
class HashSet {
 public:
  static constexpr std::int32_t none = -1;

  template <class Equal>
  std::int32_t find(std::uint64_t hash, Equal&& equal) const {
    if (slots_.empty()) return none;
    const std::size_t mask = slots_.size() - 1;
    const auto tag = static_cast<std::uint32_t>(hash);
    for (std::size_t slot = tag & mask;; slot = (slot + 1) & mask) {
      if (slots_[slot].id == none) return none;
      if (slots_[slot].tag == tag && equal(slots_[slot].id)) return slots_[slot].id;
    }
  }
  void insert(std::uint64_t hash, std::int32_t id);
  void clear();

 private:
  struct Slot {
    std::int32_t id = none;
    std::uint32_t tag = 0;
  };
  std::vector<Slot> slots_;
  std::size_t count_ = 0;
};

// An aggregate group of the current stratum (the head's arguments but for the aggregate's own), or an
// atom that a rule denies before it is known whether it can be true.
struct Group {
  std::int32_t predicate;
  std::uint32_t key_begin;  // in the owner's key array, as many as the predicate has arguments
  AtomId atom = -1;         // group: where it has a cell
};

// A contribution to a group that waits for the end of its stratum.
struct Contribution {
  std::int32_t group;
  std::int32_t origin;
  std::uint32_t body_begin, body_end;  // in Store::waiting_body
  ValueId value, witness;
};

class Store {
 public:
  explicit Store(GroundInput& input);

  ValueTable values;
  std::vector<Relation> relations;
  // Predicates, choices, rules, constraints and cells are final in form; of the atoms only the kind.
  GroundProgram program;
  Growing<std::int32_t> atom_predicate;  // relation; operator of a condition; -1 of a choice
  Growing<std::int32_t> atom_row;        // row; index into conditions; alternative
  Growing<std::int32_t> atom_choice;     // choice, else -1
  Growing<AtomId> atom_sibling;          // ring of the candidates of one argmin group, else itself
  std::vector<std::pair<ValueId, ValueId>> conditions;
  std::vector<std::int64_t> instances;       // rules recorded, per source rule

  AtomId add_atom(AtomKind kind, std::int32_t predicate, std::int32_t row, std::int32_t choice);
  AtomId condition(Comparison comparison, ValueId a, ValueId b);

  // A stand-in for an atom of the current stratum that a rule denies; close_stratum() puts the atom itself in
  // its place, or drops the literal.
  AtomId ghost(std::int32_t predicate, const std::vector<ValueId>& tuple);

  // Sorts and merges a body. False where it holds a literal and its complement.
  static bool normalise(std::vector<Literal>& body);
  // Records `predicate(tuple) :- body` (normalised) unless it adds nothing. An empty body makes the atom
  // certain. Returns the atom, or -1 where the rule supports only itself. `distinct`: it is known not to be there yet.
  AtomId derive(std::int32_t predicate, const ValueId* tuple, const std::vector<Literal>& body,
                std::int32_t origin, bool distinct = false) {
    return derive(predicate, tuple, relations[static_cast<std::size_t>(predicate)].hash(tuple), body.data(),
                  body.data() + body.size(), origin, distinct);
  }
  // The same with the tuple's hash at hand.
  AtomId derive(std::int32_t predicate, const ValueId* tuple, std::uint64_t hash, const Literal* body,
                const Literal* body_end, std::int32_t origin, bool distinct);

  // Makes the machine fetch what derive() asks of the atom that a tuple of this hash most likely has.
  void prefetch_kind(std::int32_t predicate, std::uint64_t hash) const {
    const AtomId atom = relations[static_cast<std::size_t>(predicate)].guess(hash);
    if (atom >= 0) prefetch(&program.atom_kind[static_cast<std::size_t>(atom)]);
  }

  void append_rule(AtomId head, const Literal* begin, const Literal* end, std::int32_t origin,
                   ValueId contribution, ValueId witness);

  std::int32_t find_choice(std::int32_t origin, const std::vector<ValueId>& key) const;
  // `probabilities` has one entry per alternative.
  std::int32_t add_choice(ChoiceKind kind, std::int32_t origin, const std::vector<ValueId>& key,
                          const std::vector<double>& probabilities, bool has_none);

  // Adds to an aggregate's group. `eager`: the group's cell exists at once, as recursion needs it.
  void contribute(std::int32_t predicate, std::vector<ValueId>& tuple,
                  const std::vector<Literal>& body, std::int32_t origin, ValueId value,
                  ValueId witness, bool eager);

  // Forgets what only grounding needs: hash sets and indexes.
  void release();

  std::string format_atom(AtomId atom) const;  // an atom of a relation

  // Did a rule deny an atom of its own stratum?
  bool denied_own_stratum() const { return denied_own_stratum_; }

  std::size_t waiting_count() const { return waiting_.size(); }

  void begin_stratum();
  // Evaluates or records the waiting aggregates; lets what is certain or impossible reach all that it
  // implies.
  void close_stratum();

  // For simplify().
  static constexpr std::int32_t no_row = -1;  // atom_row of ghosts and of what proved impossible
  std::size_t first_rule() const { return first_rule_; }
  AtomId first_atom() const { return first_atom_; }
  const std::vector<Group>& ghosts() const { return ghosts_; }
  AtomId real_atom(const Group& ghost) const;  // or -1
  void truncate_rules(std::size_t count);

 private:
  bool is_new_rule(AtomId head, const Literal* body, const Literal* body_end);
  std::int32_t find_group(std::int32_t predicate, std::vector<ValueId>& tuple);
  AtomId group_atom(std::int32_t group);
  void close_groups();
  void close_group(std::int32_t group, const Contribution* begin, const Contribution* end);
  ValueId fold(Aggregate aggregate, const Contribution* begin, const Contribution* end);
  // Computed numbers are doubles: whole ones beyond 2^53 are refused (GroundFault::Inexact), not rounded.
  std::int64_t exact_size(std::int32_t predicate, std::int32_t origin, ValueId value) const;
  void require_exact(std::int32_t predicate, std::int32_t origin, std::int64_t size) const;
  AtomId insert_atom(std::int32_t predicate, const ValueId* tuple, AtomKind kind) {
    return insert_atom(predicate, tuple, relations[static_cast<std::size_t>(predicate)].hash(tuple), kind);
  }
  AtomId insert_atom(std::int32_t predicate, const ValueId* tuple, std::uint64_t hash, AtomKind kind);

  std::vector<Group> groups_;
  std::vector<ValueId> group_key_;
  std::vector<Contribution> waiting_;
  std::vector<Literal> waiting_body_;
  std::vector<Group> ghosts_;
  std::vector<ValueId> ghost_key_;
  HashSet ghost_set_;
  HashSet rule_set_, choice_set_, group_set_, condition_set_;
  std::size_t first_rule_ = 0;  // of the current stratum
  AtomId first_atom_ = 0;
  bool denied_own_stratum_ = false;
  bool late_certain_ = false;   // an atom became certain after a rule may have used it
};

}  // namespace emnesy
