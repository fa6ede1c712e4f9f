#include <algorithm>
#include <unordered_map>

#include "builder.hpp"

namespace emnesy::graph {
namespace {

// A joint table may have this many tuples, or as many as the larger of its parts (four times as many as a function that is joined
// to what depends on its value has arguments). Beyond that the graph keeps its loop:
// message passing on it is approximate but stays cheap.
constexpr std::size_t joint_limit = 2048;

struct Columns {
  std::vector<std::int32_t> left, right;  // positions of the shared variables
  std::vector<std::int32_t> added;        // positions of the right table's other variables
};

Columns match(const Table& left, const Table& right) {
  Columns columns;
  for (std::size_t j = 0; j < right.arity(); ++j) {
    const auto found = std::find(left.scope.begin(), left.scope.end(), right.scope[j]);
    if (found == left.scope.end()) {
      columns.added.push_back(static_cast<std::int32_t>(j));
    } else {
      columns.left.push_back(static_cast<std::int32_t>(found - left.scope.begin()));
      columns.right.push_back(static_cast<std::int32_t>(j));
    }
  }
  return columns;
}

std::size_t hash_row(const std::int32_t* row, const std::vector<std::int32_t>& columns) {
  std::size_t hash = 0x9e3779b97f4a7c15ull;
  for (const std::int32_t c : columns) hash = (hash ^ static_cast<std::size_t>(row[c])) * 0x9e3779b97f4a7c15ull + 1;
  return hash;
}

// The natural join, or nothing when it would have more than `limit` tuples.
bool join(const Table& left, const Table& right, std::size_t limit, Table& result) {
  const Columns columns = match(left, right);
  std::unordered_multimap<std::size_t, std::size_t> rows;
  rows.reserve(right.size());
  for (std::size_t r = 0; r < right.size(); ++r) {
    rows.emplace(hash_row(right.values.data() + r * right.arity(), columns.right), r);
  }
  result.scope = left.scope;
  for (const std::int32_t c : columns.added) result.scope.push_back(right.scope[c]);
  result.values.clear();
  std::vector<std::size_t> partners;
  for (std::size_t l = 0; l < left.size(); ++l) {
    const std::int32_t* row = left.values.data() + l * left.arity();
    const auto [begin, end] = rows.equal_range(hash_row(row, columns.left));
    partners.clear();
    for (auto entry = begin; entry != end; ++entry) {
      const std::int32_t* other = right.values.data() + entry->second * right.arity();
      bool agree = true;
      for (std::size_t i = 0; i < columns.left.size(); ++i) agree = agree && row[columns.left[i]] == other[columns.right[i]];
      if (agree) partners.push_back(entry->second);
    }
    std::sort(partners.begin(), partners.end());  // the hash table's order is not part of the result
    for (const std::size_t partner : partners) {
      result.values.insert(result.values.end(), row, row + left.arity());
      for (const std::int32_t c : columns.added) result.values.push_back(right.values[partner * right.arity() + c]);
    }
    if (result.size() > limit) return false;
  }
  return true;
}

}  // namespace

void join_functions(std::vector<Table>& tables, std::size_t variable_count) {
  // Per variable y: the table (x, y) in which every x has one y.
  std::vector<std::int64_t> function(variable_count, -1);
  for (std::size_t t = 0; t < tables.size(); ++t) {
    if (tables[t].arity() != 2 || tables[t].size() == 0) continue;
    std::vector<std::int32_t> arguments;
    for (std::size_t i = 0; i < tables[t].size(); ++i) arguments.push_back(tables[t].values[2 * i]);
    std::sort(arguments.begin(), arguments.end());
    const bool unique = std::adjacent_find(arguments.begin(), arguments.end()) == arguments.end();
    if (unique && function[tables[t].scope[1]] < 0) function[tables[t].scope[1]] = static_cast<std::int64_t>(t);
  }
  for (std::size_t t = 0; t < tables.size(); ++t) {
    for (bool again = true; again;) {
      again = false;
      const std::vector<std::int32_t> scope = tables[t].scope;
      for (const std::int32_t y : scope) {
        const std::int64_t f = function[y];
        if (f < 0 || static_cast<std::size_t>(f) == t) continue;
        const std::int32_t x = tables[f].scope[0];
        if (std::find(scope.begin(), scope.end(), x) != scope.end()) continue;  // merge_tables joins these
        const bool met = std::any_of(scope.begin(), scope.end(), [&](std::int32_t z) {
          return z != y && function[z] >= 0 && static_cast<std::size_t>(function[z]) != t && tables[function[z]].scope[0] == x;
        });
        Table joint;
        if (!met || !join(tables[t], Table(tables[f]), std::max({joint_limit, tables[t].size(), 4 * tables[f].size()}), joint)) continue;
        tables[t] = std::move(joint);
        again = true;
        break;
      }
    }
  }
}

void merge_tables(std::vector<Table>& tables, std::size_t variable_count) {
  std::vector<std::vector<std::size_t>> tables_of(variable_count);
  std::vector<std::uint8_t> alive(tables.size(), 1);
  const auto shared = [](const Table& a, const Table& b) {
    return std::count_if(a.scope.begin(), a.scope.end(), [&](std::int32_t v) {
      return std::find(b.scope.begin(), b.scope.end(), v) != b.scope.end();
    });
  };
  for (std::size_t t = 0; t < tables.size(); ++t) {
    std::vector<std::size_t> tried;
    for (bool again = true; again;) {
      again = false;
      // A partner shares two variables, so it is found from any scope less one variable: the busiest.
      const std::vector<std::int32_t> scope = tables[t].scope;
      const auto busiest = std::max_element(scope.begin(), scope.end(), [&](std::int32_t a, std::int32_t b) {
        return tables_of[a].size() < tables_of[b].size();
      });
      for (auto v = scope.begin(); v != scope.end() && !again; ++v) {
        if (v == busiest) continue;
        for (const std::size_t other : tables_of[*v]) {
          if (!alive[other] || shared(tables[t], tables[other]) < 2) continue;
          if (std::find(tried.begin(), tried.end(), other) != tried.end()) continue;
          tried.push_back(other);
          Table joint;
          const std::size_t limit = std::max({joint_limit, tables[t].size(), tables[other].size()});
          if (!join(tables[other], tables[t], limit, joint)) continue;
          alive[other] = 0;
          tables[other] = Table{};  // hundreds of merges into one table would otherwise keep as many versions of it
          tables[t] = std::move(joint);
          tried.clear();  // a wider scope shares more
          again = true;
          break;
        }
      }
    }
    for (const std::int32_t v : tables[t].scope) tables_of[v].push_back(t);
  }
  std::size_t kept = 0;
  for (std::size_t t = 0; t < tables.size(); ++t) {
    if (!alive[t]) continue;
    if (kept != t) tables[kept] = std::move(tables[t]);
    ++kept;
  }
  tables.resize(kept);
}

}  // namespace emnesy::graph
