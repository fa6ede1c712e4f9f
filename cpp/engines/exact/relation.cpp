#include "exact/relation.hpp"

#include <algorithm>

namespace emnesy::exact {

std::int32_t Relation::column(std::int32_t variable) const {
  const auto found = std::find(scope.begin(), scope.end(), variable);
  return found == scope.end() ? -1 : static_cast<std::int32_t>(found - scope.begin());
}

RowIndex::RowIndex(const std::int32_t* values, std::size_t arity, std::size_t rows, std::vector<std::int32_t> columns)
    : values_(values), arity_(arity), columns_(std::move(columns)), next_(rows, -1) {
  std::size_t size = 8;
  while (size < 2 * rows) size *= 2;
  head_.assign(size, -1);
  for (std::size_t r = rows; r-- > 0;) {  // backwards, so that chains ascend
    std::int32_t& head = head_[slot(values_ + r * arity_, columns_)];
    next_[r] = head;
    head = static_cast<std::int32_t>(r);
  }
}

std::size_t RowIndex::slot(const std::int32_t* row, const std::vector<std::int32_t>& columns) const {
  std::uint64_t hash = 0x9e3779b97f4a7c15u;
  for (const std::int32_t c : columns) {
    hash = (hash ^ static_cast<std::uint64_t>(row[c])) * 0xff51afd7ed558ccdu;
    hash ^= hash >> 32;
  }
  return static_cast<std::size_t>(hash) & (head_.size() - 1);
}

bool RowIndex::agrees(std::int32_t r, const std::int32_t* other, const std::vector<std::int32_t>& other_columns) const {
  const std::int32_t* own = values_ + static_cast<std::size_t>(r) * arity_;
  for (std::size_t i = 0; i < columns_.size(); ++i) {
    if (own[columns_[i]] != other[other_columns[i]]) return false;
  }
  return true;
}

Groups group_rows(const Relation& relation, const std::vector<std::int32_t>& columns) {
  Groups groups;
  groups.of_row.resize(relation.rows, -1);
  const RowIndex index(relation.values.data(), relation.arity(), relation.rows, columns);
  for (std::size_t r = 0; r < relation.rows; ++r) {
    index.each(relation.row(r), columns, [&](std::size_t first) {
      if (first == r) groups.first.push_back(static_cast<std::int32_t>(r));
      groups.of_row[r] = first == r ? static_cast<std::int32_t>(groups.first.size()) - 1 : groups.of_row[first];
      return false;
    });
  }
  return groups;
}

std::vector<std::int32_t> columns_of(const Relation& relation, const std::vector<std::int32_t>& variables) {
  std::vector<std::int32_t> columns;
  for (const std::int32_t v : variables) columns.push_back(relation.column(v));
  return columns;
}

std::vector<std::int32_t> shared(const Relation& relation, const std::vector<std::int32_t>& variables) {
  std::vector<std::int32_t> both;
  for (const std::int32_t v : relation.scope) {
    if (std::binary_search(variables.begin(), variables.end(), v)) both.push_back(v);
  }
  return both;
}

Relation project(const Relation& relation, const std::vector<std::int32_t>& variables) {
  const std::vector<std::int32_t> columns = columns_of(relation, variables);
  const Groups groups = group_rows(relation, columns);
  Relation result;
  result.scope = variables;
  result.rows = groups.count();
  result.values.reserve(result.rows * columns.size());
  for (const std::int32_t r : groups.first) {
    for (const std::int32_t c : columns) result.values.push_back(relation.row(r)[c]);
  }
  return result;
}

namespace {

// The columns of the variables that both have.
struct Common {
  std::vector<std::int32_t> left, right;
};

Common common(const Relation& left, const Relation& right) {
  Common columns;
  for (std::size_t i = 0; i < left.arity(); ++i) {
    const std::int32_t j = right.column(left.scope[i]);
    if (j < 0) continue;
    columns.left.push_back(static_cast<std::int32_t>(i));
    columns.right.push_back(j);
  }
  return columns;
}

}  // namespace

void semijoin(Relation& relation, const Relation& other) {
  const Common columns = common(relation, other);
  const RowIndex index(other.values.data(), other.arity(), other.rows, columns.right);
  const std::size_t arity = relation.arity();
  std::size_t kept = 0;
  for (std::size_t r = 0; r < relation.rows; ++r) {
    if (!index.contains(relation.row(r), columns.left)) continue;
    if (kept != r) {
      std::copy_n(relation.row(r), arity, relation.values.begin() + static_cast<std::ptrdiff_t>(kept * arity));
      if (!relation.weights.empty()) relation.weights[kept] = relation.weights[r];
    }
    ++kept;
  }
  relation.rows = kept;
  relation.values.resize(kept * arity);
  if (!relation.weights.empty()) relation.weights.resize(kept);
}

bool join(const Relation& left, const Relation& right, const std::vector<const Relation*>& checks, std::size_t limit,
          Relation& result) {
  const Common columns = common(left, right);
  std::vector<std::int32_t> added;
  result = Relation{};
  result.scope = left.scope;
  for (std::size_t j = 0; j < right.arity(); ++j) {
    if (left.column(right.scope[j]) >= 0) continue;
    added.push_back(static_cast<std::int32_t>(j));
    result.scope.push_back(right.scope[j]);
  }
  bool weighted = !left.weights.empty() || !right.weights.empty();
  struct Check {
    const Relation* relation;
    RowIndex index;
    std::vector<std::int32_t> columns;  // in the result
  };
  std::vector<Check> known;
  for (const Relation* check : checks) {
    Check entry{check, {check->values.data(), check->arity(), check->rows, columns_of(*check, check->scope)}, {}};
    for (const std::int32_t v : check->scope) entry.columns.push_back(result.column(v));
    known.push_back(std::move(entry));
    weighted = weighted || !check->weights.empty();
  }
  const RowIndex index(right.values.data(), right.arity(), right.rows, columns.right);
  const std::size_t arity = result.arity();
  for (std::size_t l = 0; l < left.rows; ++l) {
    const std::int32_t* row = left.row(l);
    index.each(row, columns.left, [&](std::size_t r) {
      double weight = (left.weights.empty() ? 1.0 : left.weights[l]) * (right.weights.empty() ? 1.0 : right.weights[r]);
      const std::size_t begin = result.values.size();
      result.values.insert(result.values.end(), row, row + left.arity());
      for (const std::int32_t c : added) result.values.push_back(right.row(r)[c]);
      for (const Check& check : known) {
        bool found = false;
        check.index.each(result.values.data() + begin, check.columns, [&](std::size_t at) {
          if (!check.relation->weights.empty()) weight *= check.relation->weights[at];
          found = true;
          return false;
        });
        if (found) continue;
        result.values.resize(begin);
        return true;
      }
      if (weighted) result.weights.push_back(weight);
      return ++result.rows <= limit;
    });
    if (result.rows > limit) return false;
  }
  result.values.resize(result.rows * arity);
  return true;
}

}  // namespace emnesy::exact
