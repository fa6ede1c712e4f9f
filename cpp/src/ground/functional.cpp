#include "emnesy/functional.hpp"

#include <algorithm>
#include <map>
#include <numeric>
#include <unordered_map>

#include "emnesy/components.hpp"

namespace emnesy {
namespace {

// Beyond this many rules without a common variable, comparing pairs costs more than the variable is worth.
constexpr std::size_t pairwise_limit = 256;

// What a body literal says of a variable: it has this value (positive), or it has not. Variables are numbered
// choices first, then groups, then atoms (Booleans, value 1; an equation's term under its first equation).
struct Condition {
  std::int32_t variable;
  std::int32_t value;
  bool positive;
};

struct Instance {
  AtomId head;
  std::vector<Condition> body;  // sorted by variable
};

class Prover {
 public:
  explicit Prover(const GroundProgram& program) : program_(program) {
    const auto atoms = static_cast<std::int64_t>(program.atom_count());
    head_begin_.assign(atoms + 1, 0);
    for (const AtomId head : program.rule_head) ++head_begin_[head + 1];
    std::partial_sum(head_begin_.begin(), head_begin_.end(), head_begin_.begin());
    rule_of_head_.resize(program.rule_count());
    std::vector<std::int64_t> next(head_begin_.begin(), head_begin_.end() - 1);
    for (std::size_t r = 0; r < program.rule_count(); ++r) {
      rule_of_head_[next[program.rule_head[r]]++] = static_cast<std::int32_t>(r);
    }
    read_equations();
  }

  const std::vector<std::int64_t>& head_begin() const { return head_begin_; }
  const std::vector<std::int32_t>& rule_of_head() const { return rule_of_head_; }

  // Are the atoms mutually exclusive? `proved`: group of each atom whose group is already proved, else -1.
  bool exclusive(const AtomId* first, const AtomId* last, const std::vector<std::int32_t>& proved,
                 std::int32_t group_count) {
    std::vector<Instance> instances;
    for (const AtomId* atom = first; atom != last; ++atom) {
      if (program_.atom_kind[*atom] != AtomKind::Derived) return fail(*first, *atom == *first ? first[1] : *atom);
      for (std::int64_t i = head_begin_[*atom]; i < head_begin_[*atom + 1]; ++i) {
        Instance instance{*atom, conditions(rule_of_head_[i], proved, group_count)};
        instances.push_back(std::move(instance));
      }
    }
    std::vector<const Instance*> all;
    for (const Instance& instance : instances) all.push_back(&instance);
    return split(all, {});
  }

  std::pair<AtomId, AtomId> conflict() const { return conflict_; }

 private:
  bool fail(AtomId a, AtomId b) {
    conflict_ = {a, b};
    return false;
  }

  // `term = number` gives the term a value: which atom stands for the term, and which of its numbers this is.
  void read_equations() {
    std::map<ValueId, AtomId> terms;
    std::map<std::pair<AtomId, double>, std::int32_t> numbers;
    for (AtomId atom = 0; atom < static_cast<AtomId>(program_.atom_count()); ++atom) {
      if (program_.atom_kind[atom] != AtomKind::Condition) continue;
      if (program_.atom_predicate[atom] != static_cast<std::int32_t>(Comparison::Equal)) continue;
      const ValueId* sides = program_.atom_argument.data() + program_.atom_argument_begin[atom];
      const ValueId term = sides[program_.values.is_number(sides[0]) ? 1 : 0];
      const ValueId number = sides[program_.values.is_number(sides[0]) ? 0 : 1];
      if (!program_.values.is_number(number) || !program_.values.is_symbolic(term)) continue;
      const AtomId stands = terms.emplace(term, atom).first->second;
      const auto count = static_cast<std::int32_t>(numbers.size());
      equation_[atom] = {stands, numbers.emplace(std::make_pair(stands, program_.values.as_real(number)), count).first->second};
    }
  }

  std::vector<Condition> conditions(std::int32_t rule, const std::vector<std::int32_t>& proved,
                                    std::int32_t group_count) const {
    std::vector<Condition> body;
    const auto choices = static_cast<std::int32_t>(program_.choice_count());
    for (std::int64_t i = program_.rule_body_begin[rule]; i < program_.rule_body_begin[rule + 1]; ++i) {
      const AtomId atom = literal_atom(program_.rule_body[i]);
      const bool positive = !literal_negated(program_.rule_body[i]);
      if (program_.atom_kind[atom] == AtomKind::Choice) {
        body.push_back({program_.atom_first[atom], program_.atom_second[atom], positive});
      } else if (proved[atom] >= 0) {
        body.push_back({choices + proved[atom], atom, positive});
      } else if (const auto equation = equation_.find(atom); equation != equation_.end()) {
        body.push_back({choices + group_count + equation->second.first, equation->second.second, positive});
      } else {
        body.push_back({choices + group_count + atom, positive ? 1 : 0, true});
      }
    }
    std::sort(body.begin(), body.end(), [](const Condition& a, const Condition& b) {
      return a.variable != b.variable ? a.variable < b.variable : a.positive > b.positive;
    });
    return body;
  }

  static const Condition* fixed_value(const Instance& instance, std::int32_t variable) {
    const auto found = std::lower_bound(instance.body.begin(), instance.body.end(), variable,
                                        [](const Condition& c, std::int32_t v) { return c.variable < v; });
    if (found == instance.body.end() || found->variable != variable || !found->positive) return nullptr;
    return &*found;
  }

  static bool same_head(const std::vector<const Instance*>& part) {
    return std::all_of(part.begin(), part.end(), [&](const Instance* i) { return i->head == part.front()->head; });
  }

  bool split(std::vector<const Instance*>& part, std::vector<std::int32_t> used) {
    if (part.size() < 2 || same_head(part)) return true;
    for (const Condition& candidate : part.front()->body) {
      const std::int32_t variable = candidate.variable;
      if (!candidate.positive || std::find(used.begin(), used.end(), variable) != used.end()) continue;
      if (!std::all_of(part.begin(), part.end(), [&](const Instance* i) { return fixed_value(*i, variable); })) continue;
      used.push_back(variable);
      std::stable_sort(part.begin(), part.end(), [&](const Instance* a, const Instance* b) {
        return fixed_value(*a, variable)->value < fixed_value(*b, variable)->value;
      });
      for (std::size_t begin = 0; begin < part.size();) {
        std::size_t end = begin + 1;
        const std::int32_t value = fixed_value(*part[begin], variable)->value;
        while (end < part.size() && fixed_value(*part[end], variable)->value == value) ++end;
        std::vector<const Instance*> same(part.begin() + begin, part.begin() + end);
        if (!split(same, used)) return false;
        begin = end;
      }
      return true;
    }
    return pairwise(part);
  }

  bool pairwise(const std::vector<const Instance*>& part) {
    if (part.size() > pairwise_limit) return fail(part.front()->head, part.back()->head);
    for (std::size_t i = 0; i < part.size(); ++i) {
      for (std::size_t j = i + 1; j < part.size(); ++j) {
        if (part[i]->head != part[j]->head && !contradict(*part[i], *part[j])) {
          return fail(part[i]->head, part[j]->head);
        }
      }
    }
    return true;
  }

  static bool contradict(const Instance& a, const Instance& b) {
    for (const Condition& x : a.body) {
      for (const Condition& y : b.body) {
        if (x.variable != y.variable) continue;
        if (x.positive && y.positive ? x.value != y.value : x.positive != y.positive && x.value == y.value) return true;
      }
    }
    return false;
  }

  const GroundProgram& program_;
  std::vector<std::int64_t> head_begin_;
  std::vector<std::int32_t> rule_of_head_;
  std::unordered_map<AtomId, std::pair<AtomId, std::int32_t>> equation_;
  std::pair<AtomId, AtomId> conflict_{-1, -1};
};

struct Candidates {
  std::vector<std::int32_t> atom_group;
  std::vector<std::vector<AtomId>> groups;
};

// Groups of at least two atoms that differ in the predicate's current position only.
Candidates candidate_groups(const GroundProgram& program, const std::vector<std::int32_t>& position) {
  Candidates result;
  result.atom_group.assign(program.atom_count(), -1);
  std::unordered_multimap<std::size_t, std::int32_t> by_key;
  for (AtomId atom = 0; atom < static_cast<AtomId>(program.atom_count()); ++atom) {
    const std::int32_t predicate = program.atom_predicate[atom];
    if (program.atom_kind[atom] == AtomKind::Choice || program.atom_kind[atom] == AtomKind::Condition) continue;
    if (predicate < 0 || position[predicate] < 0) continue;
    const ValueId* arguments = program.atom_argument.data() + program.atom_argument_begin[atom];
    const std::int32_t arity = program.predicate_arity[predicate];
    const auto agree = [&](AtomId other) {
      if (program.atom_predicate[other] != predicate) return false;
      const ValueId* theirs = program.atom_argument.data() + program.atom_argument_begin[other];
      for (std::int32_t i = 0; i < arity; ++i) {
        if (i != position[predicate] && arguments[i] != theirs[i]) return false;
      }
      return true;
    };
    std::size_t hash = static_cast<std::size_t>(predicate) * 0x9e3779b97f4a7c15ull;
    for (std::int32_t i = 0; i < arity; ++i) {
      if (i != position[predicate]) hash = (hash ^ arguments[i]) * 0x9e3779b97f4a7c15ull + static_cast<std::size_t>(i);
    }
    std::int32_t group = -1;
    const auto [begin, end] = by_key.equal_range(hash);
    for (auto entry = begin; entry != end && group < 0; ++entry) {
      if (agree(result.groups[entry->second].front())) group = entry->second;
    }
    if (group < 0) {
      group = static_cast<std::int32_t>(result.groups.size());
      result.groups.emplace_back();
      by_key.emplace(hash, group);
    }
    result.groups[group].push_back(atom);
  }
  Candidates kept;
  kept.atom_group.assign(program.atom_count(), -1);
  for (std::vector<AtomId>& group : result.groups) {
    if (group.size() < 2) continue;
    const std::int32_t p = program.atom_predicate[group.front()];
    std::sort(group.begin(), group.end(), [&](AtomId a, AtomId b) {
      return program.values.compare(program.atom_argument[program.atom_argument_begin[a] + position[p]],
                                    program.atom_argument[program.atom_argument_begin[b] + position[p]]) < 0;
    });
    for (const AtomId atom : group) kept.atom_group[atom] = static_cast<std::int32_t>(kept.groups.size());
    kept.groups.push_back(std::move(group));
  }
  return kept;
}

// Nodes of the contracted dependency graph: groups first, then atoms that are in none.
Components order(const GroundProgram& program, const Candidates& candidates) {
  const auto groups = static_cast<std::int32_t>(candidates.groups.size());
  const auto node = [&](AtomId atom) {
    return candidates.atom_group[atom] >= 0 ? candidates.atom_group[atom] : groups + atom;
  };
  std::vector<std::int64_t> begin(groups + program.atom_count() + 1, 0);
  for (std::size_t r = 0; r < program.rule_count(); ++r) {
    begin[node(program.rule_head[r]) + 1] += program.rule_body_begin[r + 1] - program.rule_body_begin[r];
  }
  std::partial_sum(begin.begin(), begin.end(), begin.begin());
  std::vector<std::int32_t> edge(begin.back());
  std::vector<std::int64_t> next(begin.begin(), begin.end() - 1);
  for (std::size_t r = 0; r < program.rule_count(); ++r) {
    for (std::int64_t i = program.rule_body_begin[r]; i < program.rule_body_begin[r + 1]; ++i) {
      edge[next[node(program.rule_head[r])]++] = node(literal_atom(program.rule_body[i]));
    }
  }
  return strongly_connected_components(begin, edge);
}

}  // namespace

FunctionalDependencies find_functional_dependencies(const GroundProgram& program,
                                                    const std::vector<std::int32_t>& preferred_position) {
  const std::size_t predicates = program.predicate_name.size();
  std::vector<std::vector<std::int32_t>> tries(predicates);  // positions still to try, next one last
  std::vector<std::int32_t> position(predicates, -1);
  FunctionalDependencies result;
  result.conflict_first.assign(predicates, -1);
  result.conflict_second.assign(predicates, -1);
  for (std::size_t p = 0; p < predicates; ++p) {
    const Aggregate aggregate = program.predicate_aggregate[p];
    if (aggregate == Aggregate::Any || aggregate == Aggregate::All) continue;
    if (aggregate != Aggregate::None) {
      position[p] = program.predicate_aggregate_position[p];
      continue;
    }
    for (std::int32_t i = 0; i < program.predicate_arity[p]; ++i) {
      if (i != preferred_position[p]) tries[p].push_back(i);
    }
    if (preferred_position[p] >= 0) tries[p].push_back(preferred_position[p]);
    if (!tries[p].empty()) {
      position[p] = tries[p].back();
      tries[p].pop_back();
    }
  }

  Prover prover(program);
  for (bool again = true; again;) {
    again = false;
    const Candidates candidates = candidate_groups(program, position);
    const Components components = order(program, candidates);
    const auto groups = static_cast<std::int32_t>(candidates.groups.size());
    std::vector<std::int32_t> proved(program.atom_count(), -1);
    std::vector<std::uint8_t> refuted(predicates, 0), grouped(predicates, 0);
    for (std::size_t c = 0; c < components.count(); ++c) {
      const bool cycle = components.cyclic[c] != 0;
      for (std::int64_t i = components.begin[c]; i < components.begin[c + 1]; ++i) {
        const std::int32_t g = components.node[i];
        if (g >= groups) continue;
        const std::vector<AtomId>& atoms = candidates.groups[g];
        const std::int32_t predicate = program.atom_predicate[atoms.front()];
        grouped[predicate] = 1;
        const bool by_construction = program.predicate_aggregate[predicate] != Aggregate::None;
        if (by_construction ||
            (!cycle && prover.exclusive(atoms.data(), atoms.data() + atoms.size(), proved, groups))) {
          for (const AtomId atom : atoms) proved[atom] = g;
        } else if (!refuted[predicate]) {
          refuted[predicate] = 1;
          const auto conflict = cycle ? std::make_pair(atoms[0], atoms[1]) : prover.conflict();
          if (result.conflict_first[predicate] < 0) {
            result.conflict_first[predicate] = conflict.first;
            result.conflict_second[predicate] = conflict.second;
          }
        }
      }
    }
    for (std::size_t p = 0; p < predicates; ++p) {
      const bool trivial = !grouped[p] && position[p] >= 0 && position[p] != preferred_position[p] &&
                           program.predicate_aggregate[p] == Aggregate::None;
      if (!refuted[p] && !trivial) continue;
      again = again || refuted[p] || !tries[p].empty();
      position[p] = -1;
      if (!tries[p].empty()) {
        position[p] = tries[p].back();
        tries[p].pop_back();
      }
    }
    if (again) continue;
    result.atom_group.assign(program.atom_count(), -1);
    for (std::int32_t g = 0; g < groups; ++g) {
      const std::vector<AtomId>& atoms = candidates.groups[g];
      for (const AtomId atom : atoms) result.atom_group[atom] = static_cast<std::int32_t>(result.group_position.size());
      result.group_position.push_back(position[program.atom_predicate[atoms.front()]]);
      result.group_atom.insert(result.group_atom.end(), atoms.begin(), atoms.end());
      result.group_begin.push_back(static_cast<std::int64_t>(result.group_atom.size()));
    }
    result.value_position = position;
  }
  return result;
}

}  // namespace emnesy
