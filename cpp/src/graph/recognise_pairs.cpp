// Which tables over two variables say "they differ" or "they are the same", and which of these belong together.
//
// A table that forbids pairs of values is a not-equal constraint where the forbidden pairs are blocks: a set of values of
// the one against a set of values of the other, all combinations of them, no value in two blocks. Each block is a symbol. To
// tell whether several such tables speak of the same symbols, forbidden pairs of values are merged over all tables; a table
// agrees where it forbids exactly the pairs that were merged. The values themselves need not be the same terms, nor in the
// same order, nor as many. Equalities are found alike, from the allowed pairs.
#include <algorithm>
#include <map>
#include <numeric>

#include "builder.hpp"

namespace emnesy::graph {
namespace {

// Cells of a two-variable table: which pairs of values it allows.
struct Pair {
  std::size_t table;
  std::int32_t a, b, rows, columns;
  std::vector<std::uint8_t> allowed;
  bool at(std::int32_t v, std::int32_t w) const { return allowed[static_cast<std::size_t>(v * columns + w)] != 0; }
};

// Symbols of the values of all variables, merged by pairs.
class Symbols {
 public:
  explicit Symbols(const std::vector<std::int32_t>& cardinality) {
    begin_.push_back(0);
    for (const std::int32_t values : cardinality) begin_.push_back(begin_.back() + values);
    parent_.resize(static_cast<std::size_t>(begin_.back()));
    std::iota(parent_.begin(), parent_.end(), std::int64_t{0});
  }
  void merge(std::int32_t a, std::int32_t v, std::int32_t b, std::int32_t w) {
    const std::int64_t x = find(begin_[a] + v), y = find(begin_[b] + w);
    parent_[std::max(x, y)] = std::min(x, y);
  }
  std::int64_t of(std::int32_t a, std::int32_t v) { return find(begin_[a] + v); }

 private:
  std::int64_t find(std::int64_t x) {
    while (parent_[x] != x) x = parent_[x] = parent_[parent_[x]];
    return x;
  }
  std::vector<std::int64_t> begin_, parent_;
};

// Pairs whose cells equal to `mark` are those that all accepted pairs together merge.
std::vector<const Pair*> consistent(const std::vector<Pair>& pairs, bool mark, const std::vector<std::int32_t>& cardinality,
                                    Symbols& symbols) {
  const auto merge = [&](const Pair& pair, Symbols& into) {
    for (std::int32_t v = 0; v < pair.rows; ++v) {
      for (std::int32_t w = 0; w < pair.columns; ++w) {
        if (pair.at(v, w) == mark) into.merge(pair.a, v, pair.b, w);
      }
    }
  };
  const auto agrees = [&](const Pair& pair, Symbols& with) {
    bool any = false, all = true;
    for (std::int32_t v = 0; v < pair.rows; ++v) {
      for (std::int32_t w = 0; w < pair.columns; ++w) {
        const bool same = with.of(pair.a, v) == with.of(pair.b, w);
        all = all && same == (pair.at(v, w) == mark);
        any = any || same;
      }
    }
    return any && all;
  };
  std::vector<const Pair*> kept;
  for (const Pair& pair : pairs) {
    Symbols own({pair.rows, pair.columns});
    const Pair local{0, 0, 1, pair.rows, pair.columns, pair.allowed};
    merge(local, own);
    if (agrees(local, own)) kept.push_back(&pair);
  }
  for (bool changed = true; changed;) {
    symbols = Symbols(cardinality);
    for (const Pair* pair : kept) merge(*pair, symbols);
    const std::size_t before = kept.size();
    kept.erase(std::remove_if(kept.begin(), kept.end(), [&](const Pair* pair) { return !agrees(*pair, symbols); }), kept.end());
    changed = kept.size() != before;
  }
  return kept;
}

// The factor over these variables; symbols are numbered as they come. Values whose symbol no other variable has are mapped to
// -1 (alone), or to a symbol of their variable's own.
Structured number_symbols(FactorKind kind, const std::vector<std::int32_t>& variables, const std::vector<std::int32_t>& cardinality,
                          bool gated, bool alone, Symbols& symbols) {
  std::map<std::int64_t, std::vector<std::int32_t>> owners;
  for (const std::int32_t a : variables) {
    for (std::int32_t v = 0; v < cardinality[a]; ++v) {
      auto& list = owners[symbols.of(a, v)];
      if (list.empty() || list.back() != a) list.push_back(a);
    }
  }
  Structured factor{kind, variables, {}, {}, gated};
  std::map<std::int64_t, std::int32_t> number;
  std::int32_t count = 0;
  for (const std::int32_t a : variables) {
    std::int32_t own = -1;  // the values of this variable alone are one symbol
    factor.maps.emplace_back();
    for (std::int32_t v = 0; v < cardinality[a]; ++v) {
      const std::int64_t symbol = symbols.of(a, v);
      if (owners[symbol].size() > 1) {
        const auto [entry, fresh] = number.emplace(symbol, count);
        if (fresh) ++count;
        factor.maps.back().push_back(entry->second);
      } else if (alone) {
        factor.maps.back().push_back(-1);
      } else {
        if (own < 0) own = count++;
        factor.maps.back().push_back(own);
      }
    }
  }
  factor.parameter = {std::max(count, 1)};
  return factor;
}

// Symbols of their own cost time and win nothing: such cliques stay small.
constexpr std::int32_t symbols_with_own = 12;

void make_cliques(const std::vector<const Pair*>& pairs, bool gated, Builder& builder, Symbols& symbols,
                  std::vector<std::uint8_t>& done) {
  const auto& cardinality = builder.cardinalities();
  std::vector<std::pair<std::int32_t, std::int32_t>> edges;
  for (const Pair* pair : pairs) edges.emplace_back(std::min(pair->a, pair->b), std::max(pair->a, pair->b));
  std::sort(edges.begin(), edges.end());
  edges.erase(std::unique(edges.begin(), edges.end()), edges.end());
  const auto fits = [&](const std::vector<std::int32_t>& variables) {
    const Structured factor = number_symbols(FactorKind::AllDifferent, variables, cardinality, gated, false, symbols);
    std::map<std::int32_t, int> owners;
    for (const auto& map : factor.maps) {
      std::vector<std::int32_t> distinct = map;
      std::sort(distinct.begin(), distinct.end());
      distinct.erase(std::unique(distinct.begin(), distinct.end()), distinct.end());
      for (const std::int32_t symbol : distinct) ++owners[symbol];
    }
    const bool own = std::any_of(owners.begin(), owners.end(), [](const auto& entry) { return entry.second == 1; });
    return factor.parameter[0] <= (own ? symbols_with_own : all_different_limit);
  };
  const auto cliques = cover_by_cliques(edges, [&](std::vector<std::int32_t> clique, std::int32_t vertex) {
    if (cardinality[vertex] < 3) return false;  // "at most one of these Booleans" is no all-different
    clique.push_back(vertex);
    return fits(clique);
  });
  std::map<std::pair<std::int32_t, std::int32_t>, bool> small;  // edges that are cliques by themselves and stay tables
  for (const auto& clique : cliques) {
    if (clique.size() > 2) {
      builder.structured.push_back(number_symbols(FactorKind::AllDifferent, clique, cardinality, gated, false, symbols));
    } else if (std::min(cardinality[clique[0]], cardinality[clique[1]]) < 3) {
      small[{clique[0], clique[1]}] = true;
    } else {
      builder.structured.push_back(number_symbols(FactorKind::NotEqual, clique, cardinality, gated, true, symbols));
    }
  }
  for (const Pair* pair : pairs) {
    if (small.count({std::min(pair->a, pair->b), std::max(pair->a, pair->b)}) == 0) done[pair->table] = 1;
  }
}

// Chains and cycles of equalities: one factor for all variables that are the same.
void make_equalities(const std::vector<const Pair*>& pairs, bool gated, Builder& builder, Symbols& symbols,
                     std::vector<std::uint8_t>& done) {
  const auto& cardinality = builder.cardinalities();
  Symbols component(std::vector<std::int32_t>(cardinality.size(), 1));
  for (const Pair* pair : pairs) component.merge(pair->a, 0, pair->b, 0);
  std::map<std::int64_t, std::vector<std::int32_t>> members;
  for (const Pair* pair : pairs) {
    for (const std::int32_t variable : {pair->a, pair->b}) members[component.of(variable, 0)].push_back(variable);
  }
  for (auto& [root, variables] : members) {
    std::sort(variables.begin(), variables.end());
    variables.erase(std::unique(variables.begin(), variables.end()), variables.end());
    if (variables.size() < 3) continue;
    builder.structured.push_back(number_symbols(FactorKind::Equal, variables, cardinality, gated, false, symbols));
    for (const Pair* pair : pairs) {
      if (component.of(pair->a, 0) == root) done[pair->table] = 1;
    }
  }
}

}  // namespace

void recognise_pairs(std::vector<Table>& tables, bool gated, Builder& builder) {
  const auto& cardinality = builder.cardinalities();
  std::vector<Pair> pairs;
  for (std::size_t t = 0; t < tables.size(); ++t) {
    if (tables[t].arity() != 2) continue;
    Pair pair{t, tables[t].scope[0], tables[t].scope[1], 0, 0, {}};
    pair.rows = cardinality[pair.a];
    pair.columns = cardinality[pair.b];
    if (pair.rows < 2 || pair.columns < 2 || std::int64_t{pair.rows} * pair.columns > (1 << 20)) continue;
    pair.allowed.assign(static_cast<std::size_t>(pair.rows * pair.columns), 0);
    for (std::size_t i = 0; i < tables[t].size(); ++i) {
      pair.allowed[static_cast<std::size_t>(tables[t].values[2 * i] * pair.columns + tables[t].values[2 * i + 1])] = 1;
    }
    pairs.push_back(std::move(pair));
  }
  std::vector<std::uint8_t> done(tables.size(), 0);
  Symbols symbols(cardinality);
  const auto different = consistent(pairs, false, cardinality, symbols);
  make_cliques(different, gated, builder, symbols, done);
  pairs.erase(std::remove_if(pairs.begin(), pairs.end(), [&](const Pair& pair) { return done[pair.table] != 0; }), pairs.end());
  const auto same = consistent(pairs, true, cardinality, symbols);
  make_equalities(same, gated, builder, symbols, done);
  std::size_t kept = 0;
  for (std::size_t t = 0; t < tables.size(); ++t) {
    if (done[t]) continue;
    if (kept != t) tables[kept] = std::move(tables[t]);
    ++kept;
  }
  tables.resize(kept);
}

}  // namespace emnesy::graph
