// TensorReader: the tensors of a call as an engine takes them, where nothing about them needs a second look.
//
// Small calls spend more time on looking at their arguments than on inference. What is unusual in any way, and all
// mistakes, are left to emnesy.tensors, which has the words for them.
#pragma once

#include <pybind11/numpy.h>
#include <pybind11/pybind11.h>
#include <pybind11/stl.h>

#include <algorithm>
#include <cstdint>
#include <functional>
#include <numeric>
#include <optional>
#include <utility>
#include <vector>

#include "emnesy/label_codes.hpp"

namespace emnesy {

namespace py = pybind11;

class TensorReader {
 public:
  TensorReader(const py::sequence& priors, const py::sequence& labels, py::ssize_t slots, py::object view)
      : slots_(slots), view_(std::move(view)), single_(py::dtype::of<float>()), twice_(py::dtype::of<double>()),
        label_(py::dtype::of<std::int32_t>()), wide_label_(py::dtype::of<std::int64_t>()), truth_(py::dtype::of<bool>()) {
    for (const py::handle item : priors) priors_.push_back(tensor(item));
    for (const py::handle item : labels) {
      labels_.push_back(tensor(item));
      const LabelCodes* codes = labels_.back().codes;
      if (codes == nullptr) continue;
      if (codes->elements() != labels_.back().size || codes->first_slot() + codes->slots() > slots) {
        throw py::value_error("label codes do not fit their tensor");
      }
    }
  }

  // What was found of one call. Views where possible.
  struct Tensors {
    std::vector<py::array> priors;       // (B, *shape) each, C-contiguous and aligned
    std::vector<std::uint8_t> viewed;    // whether `view` was asked for it
    py::ssize_t batch = -1;              // none has said, as long as it is negative
    bool single = false;                 // floats; doubles where there is no prior
  };

  struct Tensor {
    py::str name;
    std::vector<py::ssize_t> shape;  // after the batch
    py::ssize_t size;                // its elements
    py::object codes_owner;
    const LabelCodes* codes;  // of labels; null: there is no table of them
  };

  const std::vector<Tensor>& priors() const { return priors_; }
  py::ssize_t slots() const { return slots_; }

  // new_table(batch): where the (B, slots) labels go. False: look closer.
  template <typename NewTable>
  bool read(const py::object& priors, const py::object& evidence, Tensors& found, NewTable&& new_table) const {
    if (!PyDict_CheckExact(priors.ptr()) || !PyDict_CheckExact(evidence.ptr())) return false;
    if (PyDict_Size(priors.ptr()) != static_cast<py::ssize_t>(priors_.size())) return false;
    PyObject* dtype = nullptr;
    found.priors.reserve(priors_.size());
    found.viewed.reserve(priors_.size());
    for (const Tensor& tensor : priors_) {
      bool viewed = false;
      py::array array = find(priors, tensor, found.batch, viewed);
      if (!array) return false;
      PyObject* own = type_of(array);
      if ((own != single_.ptr() && own != twice_.ptr()) || (dtype != nullptr && own != dtype)) return false;
      dtype = own;
      found.priors.push_back(std::move(array));
      found.viewed.push_back(viewed);
    }
    found.single = dtype == single_.ptr();
    const py::ssize_t given = PyDict_Size(evidence.ptr());
    std::int32_t* table = nullptr;
    py::ssize_t read = 0;
    for (const Tensor& tensor : labels_) {
      if (read == given) break;
      if (tensor.codes == nullptr) continue;
      const int there = PyDict_Contains(evidence.ptr(), tensor.name.ptr());
      if (there < 0) throw py::error_already_set();
      if (there == 0) continue;
      ++read;
      // Labels that examples share (one row for all) are rare enough to be spread out in Python.
      bool viewed = false;
      const py::array array = find(evidence, tensor, found.batch, viewed);
      if (!array) return false;
      if (table == nullptr) table = unlabelled(new_table(found.batch), found.batch, given);
      if (!encode(*tensor.codes, array, table)) return false;
    }
    if (read != given) return false;
    if (found.batch < 0) found.batch = 1;
    if (table == nullptr) unlabelled(new_table(found.batch), found.batch, given);
    return true;
  }

 private:
  static Tensor tensor(const py::handle& item) {
    const auto spec = item.cast<py::tuple>();
    auto shape = spec[1].cast<std::vector<py::ssize_t>>();
    const auto size = std::accumulate(shape.begin(), shape.end(), py::ssize_t{1}, std::multiplies<>());
    py::object codes = spec.size() > 2 ? py::object(spec[2]) : py::none();
    const auto* found = codes.is_none() ? nullptr : codes.cast<const LabelCodes*>();
    return {spec[0].cast<py::str>(), std::move(shape), size, std::move(codes), found};
  }

  // The descriptor; those of NumPy's own types exist once.
  static PyObject* type_of(const py::array& array) { return py::detail::array_proxy(array.ptr())->descr; }

  // An array of the right shape, C-contiguous and aligned, with as many examples as others have; otherwise empty.
  py::array find(const py::object& given, const Tensor& tensor, py::ssize_t& batch, bool& viewed) const {
    PyObject* item = PyDict_GetItemWithError(given.ptr(), tensor.name.ptr());
    if (item == nullptr) {
      if (PyErr_Occurred()) throw py::error_already_set();
      return py::reinterpret_steal<py::array>(py::handle());
    }
    py::object value = py::reinterpret_borrow<py::object>(item);
    const auto is_array = [&] { return Py_TYPE(value.ptr()) == py::detail::npy_api::get().PyArray_Type_; };
    viewed = !is_array();
    if (viewed) value = view_(value);
    if (!is_array()) return py::reinterpret_steal<py::array>(py::handle());
    py::array array = py::reinterpret_steal<py::array>(value.release());
    constexpr int plain = py::array::c_style | py::detail::npy_api::NPY_ARRAY_ALIGNED_;
    const auto dimensions = static_cast<py::ssize_t>(tensor.shape.size());
    if (array.ndim() != dimensions + 1 || (array.flags() & plain) != plain || (batch >= 0 && array.shape(0) != batch) ||
        !std::equal(tensor.shape.begin(), tensor.shape.end(), array.shape() + 1)) {
      return py::reinterpret_steal<py::array>(py::handle());
    }
    batch = array.shape(0);
    return array;
  }

  // Says nothing yet, but where all slots are going to be told something.
  std::int32_t* unlabelled(std::int32_t* table, py::ssize_t batch, py::ssize_t given) const {
    if (given < static_cast<py::ssize_t>(labels_.size()) || given == 0) std::fill_n(table, batch * slots_, -1);
    return table;
  }

  bool encode(const LabelCodes& codes, const py::array& array, std::int32_t* table) const {
    PyObject* type = type_of(array);
    const py::ssize_t batch = array.shape(0);
    std::optional<py::gil_scoped_release> released;
    if (batch * slots_ > many) released.emplace();
    if (type == label_.ptr()) return codes.encode(static_cast<const std::int32_t*>(array.data()), batch, table, slots_);
    if (type == wide_label_.ptr()) return codes.encode(static_cast<const std::int64_t*>(array.data()), batch, table, slots_);
    if (type == truth_.ptr()) return codes.encode(static_cast<const std::uint8_t*>(array.data()), batch, table, slots_);
    return false;
  }

  static constexpr py::ssize_t many = 1 << 16;  // labels from which on other Python threads would notice

  std::vector<Tensor> priors_, labels_;
  py::ssize_t slots_;
  py::object view_;  // of what is no array, such as a tensor of PyTorch's, as an array; None: it has none
  py::dtype single_, twice_, label_, wide_label_, truth_;
};

}  // namespace emnesy
