// Between numpy and vectors: read-only views of what a Python object owns, and copies of what is handed in.
#pragma once

#include <pybind11/numpy.h>

#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <vector>

namespace emnesy {

// No copy: the view keeps `owner` alive, and `owner` must not change the data any more.
template <class T>
pybind11::array_t<T> view_of(const T* data, std::size_t size, pybind11::handle owner) {
  pybind11::array_t<T> array(static_cast<pybind11::ssize_t>(size), data, owner);
  array.attr("flags").attr("writeable") = false;
  return array;
}

template <class Items>
pybind11::array_t<typename Items::value_type> view_of(const Items& data, pybind11::handle owner) {
  return view_of(data.data(), data.size(), owner);
}

// A new C-contiguous array, not filled in. pybind11's own constructors compute the strides and look for a base: a small
// call makes ten arrays, and that would be a tenth of its time.
template <class T>
pybind11::array_t<T> new_array(const std::int64_t* shape, std::size_t dimensions) {
  static_assert(sizeof(std::int64_t) == sizeof(Py_intptr_t));
  auto& api = pybind11::detail::npy_api::get();
  PyObject* array = api.PyArray_NewFromDescr_(api.PyArray_Type_, pybind11::dtype::of<T>().release().ptr(),
                                              static_cast<int>(dimensions), reinterpret_cast<const Py_intptr_t*>(shape), nullptr,
                                              nullptr, 0, nullptr);
  if (array == nullptr) throw pybind11::error_already_set();
  return pybind11::reinterpret_steal<pybind11::array_t<T>>(array);
}

template <class T>
pybind11::array_t<T> new_array(std::initializer_list<std::int64_t> shape) {
  return new_array<T>(shape.begin(), shape.size());
}

// The same elements of a C-contiguous array as a matrix of `rows` rows. No copy.
inline pybind11::array matrix_of(const pybind11::array& array, std::int64_t rows, std::int64_t columns) {
  auto& api = pybind11::detail::npy_api::get();
  const Py_intptr_t shape[] = {rows, columns};
  PyObject* matrix = api.PyArray_NewFromDescr_(api.PyArray_Type_, array.dtype().release().ptr(), 2, shape, nullptr,
                                               const_cast<void*>(array.data()), array.flags() & api.NPY_ARRAY_WRITEABLE_, nullptr);
  if (matrix == nullptr) throw pybind11::error_already_set();
  auto result = pybind11::reinterpret_steal<pybind11::array>(matrix);
  if (api.PyArray_SetBaseObject_(matrix, array.inc_ref().ptr()) < 0) throw pybind11::error_already_set();
  return result;
}

// Arrays that are strided are made contiguous first.
template <class T, int Flags>
std::vector<T> copy_of(const pybind11::array_t<T, Flags>& array) {
  const pybind11::array_t<T, pybind11::array::c_style | pybind11::array::forcecast> plain(array);
  return {plain.data(), plain.data() + plain.size()};
}

}  // namespace emnesy
