// SPDX-License-Identifier: Apache-2.0
#include "aio/errors.h"

#include <new>

#include <boost/asio/error.hpp>
#include <boost/system/system_error.hpp>

namespace firn::aio {

Error to_error(const std::exception_ptr& error) {
  try {
    std::rethrow_exception(error);
  } catch (const Error& e) {
    return e;
  } catch (const boost::system::system_error& e) {
    if (e.code() == boost::asio::error::operation_aborted) return {Kind::cancelled, "cancelled"};
    if (e.code().category() == boost::system::system_category())
      return system_error(e.code().value(), "I/O");
    return {Kind::internal, e.what()};
  } catch (const std::bad_alloc&) {
    return {Kind::resource, "out of memory"};
  } catch (const std::exception& e) {
    return {Kind::internal, e.what()};
  }
}

}  // namespace firn::aio
