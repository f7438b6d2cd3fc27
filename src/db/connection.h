// SPDX-License-Identifier: Apache-2.0
// One session with a database, PostgreSQL's or SQLite's, behind one blocking interface. The same
// SQL goes to both: parameters are $1, $2, …; casts are written cast(… as …); firn's own tables are
// `firn.name`, which on SQLite is the table `firn_name`.
#pragma once

#include "base/error.h"
#include "db/rows.h"
#include "db/value.h"

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace firn::db {

class Address;

enum class Engine : std::uint8_t { postgresql, sqlite };

/// This transaction lost against another one (a deadlock, a serialisation failure, a lock that
/// SQLite could not get): nothing of it is left, and it can be run again. `transact` does that.
class Collision : public Error {
 public:
  explicit Collision(std::string message) : Error(Kind::conflict, std::move(message)) {}
};

/// What somebody sent to a channel that was listened to.
struct Notification {
  std::string channel;
  std::string payload;

  friend bool operator==(const Notification&, const Notification&) = default;
};

/// Used by one thread at a time, any. Statements are prepared once and kept. Every call may throw
/// Error{unavailable} when the session is lost: it then stays closed until `reopen`.
class Connection {
 public:
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;
  virtual ~Connection();

  virtual Engine engine() const = 0;

  /// Carries out one statement, after everything that was posted.
  template <class... Parameters>
  Rows execute(std::string_view sql, const Parameters&... parameters) {
    const std::array<Value, sizeof...(Parameters)> values{to_value(parameters)...};
    return execute_values(sql, values);
  }

  /// Sends a statement whose outcome can wait: any number of them costs one round trip. On SQLite
  /// it is carried out at once. A failure is thrown by the next `execute` or `flush`.
  template <class... Parameters>
  void post(std::string_view sql, const Parameters&... parameters) {
    const std::array<Value, sizeof...(Parameters)> values{to_value(parameters)...};
    post_values(sql, values);
  }

  virtual Rows execute_values(std::string_view sql, std::span<const Value> values) = 0;
  virtual void post_values(std::string_view sql, std::span<const Value> values) = 0;

  /// The outcomes of what was posted since the last `flush`, in order. Throws the first failure.
  virtual std::vector<Rows> flush() = 0;

  /// Carries out several statements without parameters, separated by semicolons.
  virtual void run_script(std::string_view sql) = 0;

  virtual bool is_open() const = 0;

  /// Connects again, listening to the same channels. What was posted is forgotten.
  virtual void reopen() = 0;

  /// From now on notifications of this channel are kept for `take_notifications`.
  virtual void listen(std::string_view channel) = 0;

  /// Sends at the transaction's commit. On SQLite only the connection that sends it hears it, and
  /// only where it listens: there a runner is woken through its control socket.
  virtual void notify(std::string_view channel, std::string_view payload) = 0;

  /// Readable when notifications may have come; changes with `reopen`. -1 on SQLite.
  virtual int notification_fd() const = 0;

  /// What came since the last call; never waits.
  virtual std::vector<Notification> take_notifications() = 0;

 protected:
  Connection();
};

/// How many of them there are in this process.
std::size_t open_connections();

/// Opens a session. The address is borrowed for the connection's life. Throws Error{unavailable},
/// {permission} or {not_found}, naming the database and never its password.
std::unique_ptr<Connection> connect(const Address& address);

}  // namespace firn::db
