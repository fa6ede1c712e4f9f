#include "simplify.hpp"

#include <algorithm>

namespace emnesy {

namespace {

constexpr Literal kSatisfied = -1;

class Simplifier {
 public:
  explicit Simplifier(Store& store)
      : store_(store), program_(store.program), first_rule_(store.first_rule()),
        first_atom_(store.first_atom()), rules_(program_.rule_count() - first_rule_),
        atoms_(program_.atom_count() - static_cast<std::size_t>(first_atom_)),
        remaining_(rules_, 0), dead_(rules_, 0), support_(atoms_, 0), impossible_(atoms_, 0) {}

  void run() {
    resolve_ghosts();
    index_uses();
    start();
    propagate();
    while (!store_.ghosts().empty() && drop_unfounded()) propagate();
    rebuild();
    drop_impossible();
  }

 private:
  struct Fact {
    std::size_t atom;
    bool holds;
  };

  Literal* body(std::size_t rule) {
    return program_.rule_body.data() + program_.rule_body_begin[first_rule_ + rule];
  }
  Literal* body_end(std::size_t rule) {
    return program_.rule_body.data() + program_.rule_body_begin[first_rule_ + rule + 1];
  }
  AtomId head(std::size_t rule) const { return program_.rule_head[first_rule_ + rule]; }
  bool certain(AtomId atom) const { return program_.atom_kind[atom] == AtomKind::Certain; }
  bool local(AtomId atom) const { return atom >= first_atom_; }
  std::size_t index(AtomId atom) const { return static_cast<std::size_t>(atom - first_atom_); }
  bool is_aggregate(AtomId atom) const {
    return program_.predicate_aggregate[store_.atom_predicate[atom]] != Aggregate::None;
  }

  void resolve_ghosts() {
    if (store_.ghosts().empty()) return;
    std::vector<AtomId> real(atoms_, -2);
    for (const Group& ghost : store_.ghosts()) real[index(ghost.atom)] = store_.real_atom(ghost);
    for (std::size_t i = 0; i < rules_; ++i)
      for (Literal* lit = body(i); lit != body_end(i); ++lit) {
        const AtomId atom = literal_atom(*lit);
        if (!local(atom) || real[index(atom)] == -2) continue;
        const AtomId now = real[index(atom)];
        *lit = now < 0 ? kSatisfied : literal(now, true);
      }
  }

  template <class Visit>
  void each_local_use(Visit&& visit) {
    for (std::size_t i = 0; i < rules_; ++i)
      for (const Literal* lit = body(i); lit != body_end(i); ++lit)
        if (*lit != kSatisfied && local(literal_atom(*lit)))
          visit(i, 2 * index(literal_atom(*lit)) + (literal_negated(*lit) ? 1 : 0));
  }

  void index_uses() {
    use_begin_.assign(2 * atoms_ + 1, 0);
    each_local_use([&](std::size_t, std::size_t slot) { ++use_begin_[slot + 1]; });
    for (std::size_t i = 0; i < 2 * atoms_; ++i) use_begin_[i + 1] += use_begin_[i];
    use_.resize(use_begin_.back());
    std::vector<std::uint32_t> fill(use_begin_.begin(), use_begin_.end() - 1);
    each_local_use([&](std::size_t rule, std::size_t slot) {
      use_[fill[slot]++] = static_cast<std::uint32_t>(rule);
    });
  }

  // Counts what each rule waits for. Certain atoms of this stratum are facts to spread.
  void start() {
    for (std::size_t i = 0; i < rules_; ++i) {
      if (local(head(i))) ++support_[index(head(i))];
      for (const Literal* lit = body(i); lit != body_end(i); ++lit)
        if (*lit != kSatisfied) ++remaining_[i];
    }
    for (std::size_t i = 0; i < rules_; ++i)
      if (remaining_[i] == 0) fire(i);
    for (std::size_t a = 0; a < atoms_; ++a) {
      const AtomId atom = first_atom_ + static_cast<AtomId>(a);
      if (certain(atom) && !queued(a)) work_.push_back({a, true});
    }
  }

  bool queued(std::size_t atom) const { return !fired_.empty() && fired_[atom]; }

  void fire(std::size_t rule) {
    const AtomId atom = head(rule);
    if (dead_[rule] || certain(atom) || !local(atom) || is_aggregate(atom)) return;
    program_.atom_kind[atom] = AtomKind::Certain;
    if (fired_.empty()) fired_.assign(atoms_, 0);
    fired_[index(atom)] = 1;
    work_.push_back({index(atom), true});
  }

  void kill(std::size_t rule) {
    if (dead_[rule]) return;
    dead_[rule] = 1;
    const AtomId atom = head(rule);
    if (!local(atom) || --support_[index(atom)] > 0 || certain(atom)) return;
    impossible_[index(atom)] = 1;
    work_.push_back({index(atom), false});
  }

  void propagate() {
    while (!work_.empty()) {
      const Fact fact = work_.back();
      work_.pop_back();
      const std::size_t satisfied = 2 * fact.atom + (fact.holds ? 0 : 1);
      const std::size_t violated = 2 * fact.atom + (fact.holds ? 1 : 0);
      for (std::uint32_t k = use_begin_[satisfied]; k < use_begin_[satisfied + 1]; ++k)
        if (--remaining_[use_[k]] == 0) fire(use_[k]);
      for (std::uint32_t k = use_begin_[violated]; k < use_begin_[violated + 1]; ++k) kill(use_[k]);
    }
  }

  // Atoms that only support each other, once rules have gone, are impossible. False where there are none.
  bool drop_unfounded() {
    std::vector<std::uint32_t> needs(rules_, 0);
    std::vector<std::uint8_t> founded(atoms_, 0);
    std::vector<std::size_t> reached;
    const auto found = [&](std::size_t atom) {
      if (founded[atom] || impossible_[atom]) return;
      founded[atom] = 1;
      reached.push_back(atom);
    };
    for (std::size_t i = 0; i < rules_; ++i) {
      if (dead_[i]) continue;
      for (const Literal* lit = body(i); lit != body_end(i); ++lit)
        if (*lit != kSatisfied && !literal_negated(*lit) && local(literal_atom(*lit))) ++needs[i];
      if (needs[i] == 0 && local(head(i))) found(index(head(i)));
    }
    for (std::size_t a = 0; a < atoms_; ++a)
      if (program_.atom_kind[first_atom_ + static_cast<AtomId>(a)] != AtomKind::Derived) found(a);
    while (!reached.empty()) {
      const std::size_t atom = reached.back();
      reached.pop_back();
      for (std::uint32_t k = use_begin_[2 * atom]; k < use_begin_[2 * atom + 1]; ++k)
        if (--needs[use_[k]] == 0 && !dead_[use_[k]] && local(head(use_[k]))) found(index(head(use_[k])));
    }
    bool any = false;
    for (std::size_t i = 0; i < rules_; ++i) {
      if (dead_[i] || !local(head(i)) || founded[index(head(i))]) continue;
      kill(i);
      any = true;
    }
    return any;
  }

  bool gone(Literal lit) const {
    if (lit == kSatisfied || certain(literal_atom(lit))) return true;
    return local(literal_atom(lit)) && impossible_[index(literal_atom(lit))] != 0;
  }

  // Writes the stratum's rules anew; what has become equal is merged.
  void rebuild() {
    const auto from = static_cast<std::ptrdiff_t>(first_rule_);
    const std::vector<AtomId> heads(program_.rule_head.begin() + from, program_.rule_head.end());
    const std::vector<std::int32_t> origins(program_.rule_origin.begin() + from, program_.rule_origin.end());
    const std::vector<ValueId> values(program_.rule_contribution.begin() + from,
                                      program_.rule_contribution.end());
    const std::vector<ValueId> witnesses(program_.rule_witness.begin() + from, program_.rule_witness.end());
    std::vector<std::int64_t> begin(program_.rule_body_begin.begin() + from, program_.rule_body_begin.end());
    const std::int64_t offset = begin[0];
    const std::vector<Literal> bodies(program_.rule_body.begin() + offset, program_.rule_body.end());
    store_.truncate_rules(first_rule_);
    std::vector<Literal> kept;
    for (std::size_t i = 0; i < rules_; ++i) {
      --store_.instances[static_cast<std::size_t>(origins[i])];
      if (dead_[i] || certain(heads[i])) continue;
      kept.clear();
      for (std::int64_t k = begin[i] - offset; k < begin[i + 1] - offset; ++k)
        if (!gone(bodies[static_cast<std::size_t>(k)])) kept.push_back(bodies[static_cast<std::size_t>(k)]);
      if (!Store::normalise(kept)) continue;
      if (is_aggregate(heads[i])) {
        store_.append_rule(heads[i], kept.data(), kept.data() + kept.size(), origins[i], values[i],
                           witnesses[i]);
        continue;
      }
      const std::int32_t predicate = store_.atom_predicate[heads[i]];
      const ValueId* tuple = store_.relations[static_cast<std::size_t>(predicate)].tuple(
          static_cast<Row>(store_.atom_row[heads[i]]));
      store_.derive(predicate, tuple, kept, origins[i]);
    }
  }

  void drop_impossible() {
    std::vector<std::int32_t> touched;
    for (std::size_t a = 0; a < atoms_; ++a)
      if (impossible_[a])
        touched.push_back(store_.atom_predicate[first_atom_ + static_cast<AtomId>(a)]);
    std::sort(touched.begin(), touched.end());
    touched.erase(std::unique(touched.begin(), touched.end()), touched.end());
    for (const std::int32_t predicate : touched)
      store_.relations[predicate].filter([&](AtomId atom, Row row) {
        const bool keep = !local(atom) || !impossible_[index(atom)];
        store_.atom_row[atom] = keep ? static_cast<std::int32_t>(row) : Store::no_row;
        return keep;
      });
  }

  Store& store_;
  GroundProgram& program_;
  const std::size_t first_rule_;
  const AtomId first_atom_;
  const std::size_t rules_, atoms_;
  std::vector<std::uint32_t> remaining_;  // per rule: literals not yet known to hold
  std::vector<std::uint8_t> dead_;        // per rule: a literal is known not to hold
  std::vector<std::uint32_t> support_;    // per atom: rules that are not dead
  std::vector<std::uint8_t> impossible_, fired_;
  std::vector<std::uint32_t> use_begin_, use_;  // 2 * atom + negated -> rules
  std::vector<Fact> work_;
};

}  // namespace

void simplify(Store& store) { Simplifier(store).run(); }

}  // namespace emnesy
