// An array of plain data that grows by realloc: where an operating system can move pages to other addresses, as Linux does,
// a large one grows without a copy and without fresh pages for what it holds already. std::vector has to copy.
#pragma once

#include <cstddef>
#include <cstdlib>
#include <cstring>
#include <initializer_list>
#include <limits>
#include <new>
#include <type_traits>
#include <utility>

namespace emnesy {

template <class T>
class Growing {
  static_assert(std::is_trivially_copyable_v<T>);
  static_assert(alignof(T) <= alignof(std::max_align_t));

 public:
  using value_type = T;
  using iterator = T*;
  using const_iterator = const T*;

  Growing() = default;
  Growing(std::initializer_list<T> items) { append(items.begin(), items.end()); }
  Growing(const Growing& other) { append(other.begin(), other.end()); }
  Growing(Growing&& other) noexcept { swap(other); }
  Growing& operator=(Growing other) noexcept {
    swap(other);
    return *this;
  }
  ~Growing() { std::free(data_); }

  void swap(Growing& other) noexcept {
    std::swap(data_, other.data_);
    std::swap(size_, other.size_);
    std::swap(capacity_, other.capacity_);
  }

  std::size_t size() const { return size_; }
  bool empty() const { return size_ == 0; }
  T* data() { return data_; }
  const T* data() const { return data_; }
  T* begin() { return data_; }
  T* end() { return data_ + size_; }
  const T* begin() const { return data_; }
  const T* end() const { return data_ + size_; }
  T& operator[](std::size_t i) { return data_[i]; }
  const T& operator[](std::size_t i) const { return data_[i]; }
  T& back() { return data_[size_ - 1]; }
  const T& back() const { return data_[size_ - 1]; }

  void reserve(std::size_t capacity) {
    if (capacity > capacity_) reallocate(capacity);
  }
  void push_back(T item) {  // by value: it may be an element
    if (size_ == capacity_) grow(size_ + 1);
    data_[size_++] = item;
  }
  // Appends a range that is not part of this array.
  void append(const T* first, const T* last) {
    const auto count = static_cast<std::size_t>(last - first);
    if (count == 0) return;
    if (size_ + count > capacity_) grow(size_ + count);
    std::memcpy(data_ + size_, first, count * sizeof(T));
    size_ += count;
  }
  void resize(std::size_t size, T fill = T()) {
    if (size > capacity_) grow(size);
    for (std::size_t i = size_; i < size; ++i) data_[i] = fill;
    size_ = size;
  }
  void assign(std::size_t size, T fill) {
    size_ = 0;
    resize(size, fill);
  }
  void clear() { size_ = 0; }

 private:
  void grow(std::size_t least) {
    const std::size_t doubled = capacity_ < 8 ? 8 : 2 * capacity_;
    reallocate(least > doubled ? least : doubled);
  }
  void reallocate(std::size_t capacity) {
    if (capacity > std::numeric_limits<std::size_t>::max() / 2 / sizeof(T)) throw std::bad_alloc();
    void* moved = std::realloc(data_, capacity * sizeof(T));
    if (moved == nullptr) throw std::bad_alloc();
    data_ = static_cast<T*>(moved);
    capacity_ = capacity;
  }

  T* data_ = nullptr;
  std::size_t size_ = 0, capacity_ = 0;
};

}  // namespace emnesy
