// A fixed number of messages' worth of zeroed memory, aligned for the widest registers.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <new>
#include <type_traits>

#include "bp/isa.hpp"
#include "target.hpp"

namespace emnesy::bp {
inline namespace EMNESY_ISA {

template <typename Real>
class Memory {
 public:
  Memory() = default;
  explicit Memory(std::int64_t count) : size_(count) {
    const std::size_t bytes = sizeof(Real) * static_cast<std::size_t>(count);
    data_ = static_cast<Real*>(::operator new(bytes, std::align_val_t{alignment}));
    if constexpr (std::is_trivially_copyable_v<Real>) {
      std::memset(static_cast<void*>(data_), 0, bytes);
    }
    if constexpr (!std::is_trivially_default_constructible_v<Real>) {
      for (std::int64_t i = 0; i < count; ++i) new (data_ + i) Real();
    }
  }
  Memory(Memory&& other) noexcept : data_(other.data_), size_(other.size_) { other.data_ = nullptr; }
  Memory(const Memory&) = delete;
  Memory& operator=(const Memory&) = delete;
  Memory& operator=(Memory&&) = delete;
  ~Memory() { ::operator delete(data_, std::align_val_t{alignment}); }

  Real* data() { return data_; }
  const Real* data() const { return data_; }
  std::int64_t size() const { return size_; }
  Real& operator[](std::int64_t i) { return data_[i]; }
  const Real& operator[](std::int64_t i) const { return data_[i]; }

 private:
  static constexpr std::size_t alignment = 64;
  static_assert(std::is_trivially_destructible_v<Real>);
  Real* data_ = nullptr;
  std::int64_t size_ = 0;
};

}  // namespace EMNESY_ISA
}  // namespace emnesy::bp
