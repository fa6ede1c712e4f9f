// Read-only numpy views of vectors that a Python object owns.
#pragma once

#include <pybind11/numpy.h>

#include <cstddef>
#include <vector>

namespace emnesy {

// No copy: the view keeps `owner` alive, and `owner` must not change the data any more.
template <class T>
pybind11::array_t<T> view_of(const T* data, std::size_t size, pybind11::handle owner) {
  pybind11::array_t<T> array(static_cast<pybind11::ssize_t>(size), data, owner);
  array.attr("flags").attr("writeable") = false;
  return array;
}

template <class T>
pybind11::array_t<T> view_of(const std::vector<T>& data, pybind11::handle owner) {
  return view_of(data.data(), data.size(), owner);
}

}  // namespace emnesy
