// What functions said of their operands.
#pragma once

#include <cstdint>
#include <vector>

#include "store.hpp"

namespace emnesy {

class Memo {
 public:
  // The remembered value, or null. The pointer holds until the next add().
  const ValueId* find(std::int32_t function, const std::vector<ValueId>& operands) const {
    const std::int32_t id = entries_.find(hash(function, operands), [&](std::int32_t candidate) {
      const Entry& entry = entry_[static_cast<std::size_t>(candidate)];
      if (entry.function != function || entry.count != operands.size()) return false;
      for (std::size_t i = 0; i < operands.size(); ++i)
        if (operands_[entry.begin + i] != operands[i]) return false;
      return true;
    });
    return id == HashSet::none ? nullptr : &entry_[static_cast<std::size_t>(id)].value;
  }

  // Remembers what find() does not know; returns `value`.
  ValueId add(std::int32_t function, const std::vector<ValueId>& operands, ValueId value) {
    entries_.insert(hash(function, operands), static_cast<std::int32_t>(entry_.size()));
    entry_.push_back({function, operands_.size(), operands.size(), value});
    operands_.insert(operands_.end(), operands.begin(), operands.end());
    return value;
  }

 private:
  struct Entry {
    std::int32_t function;
    std::size_t begin, count;  // in operands_
    ValueId value;
  };

  static std::uint64_t hash(std::int32_t function, const std::vector<ValueId>& operands) {
    std::uint64_t result = mix(static_cast<std::uint64_t>(function));
    for (const ValueId operand : operands) result = combine(result, operand);
    return result;
  }

  std::vector<Entry> entry_;
  std::vector<ValueId> operands_;
  HashSet entries_;
};

}  // namespace emnesy
