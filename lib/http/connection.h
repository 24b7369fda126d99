// One server connection: reads requests, has them answered inline or on a worker, writes answers. Only for .cpp files of this folder.
#pragma once
#include <atomic>
#include <memory>
#include <mutex>
#include <stop_token>
#include <vector>

#include "http/link.h"
#include "http/parser.h"
#include "http/reply.h"
#include "http/server.h"

namespace http {

class Connection;
class TlsContext;

/// What all connections of a server share.
struct ServerShared {
  ServerShared(async::Runtime& r, Planner p) : runtime(r), planner(std::move(p)) {}
  async::Runtime& runtime;
  Planner planner;
  std::stop_source stop;
  const Context context{stop.get_token()};  ///< of inline handlers: stops with the server
  std::atomic<bool> stopping = false;
  std::atomic<int> busy = 0;                ///< requests being answered
  std::function<Result<TlsIdentity>()> starttls_identity;  ///< set before the first connection; empty: no STARTTLS
  std::function<bool(const std::string& host)> trusted_proxy;  ///< likewise; empty: no proxy headers
  /// The settings for STARTTLS, made at first use. Errors: invalid (certificate), unsupported.
  Result<std::shared_ptr<TlsContext>> starttls_context();

  std::mutex mutex;
  std::vector<std::weak_ptr<Connection>> connections;
  std::vector<std::weak_ptr<Transport>> transports;  ///< also those that left HTTP
  void add(const std::shared_ptr<Connection>& connection, const std::shared_ptr<Transport>& transport);

 private:
  std::shared_ptr<TlsContext> starttls_;
};

class Connection : public std::enable_shared_from_this<Connection> {
 public:
  Connection(std::shared_ptr<ServerShared> shared, asio::io_context& io, std::shared_ptr<Transport> transport, Peer peer);

  asio::awaitable<void> run();
  /// Ends it if no request is being answered. On its own thread.
  void close_if_idle();
  asio::io_context& io() { return io_; }

 private:
  friend class BodyStream;
  struct Job;

  asio::awaitable<bool> handshake();
  asio::awaitable<bool> offer_tls();
  asio::awaitable<bool> read_proxy_header();
  asio::awaitable<bool> fill();
  asio::awaitable<bool> flush();
  asio::awaitable<bool> read_head();
  bool take_head();
  asio::awaitable<bool> read_body();
  asio::awaitable<bool> answer(Plan plan);
  asio::awaitable<std::shared_ptr<Job>> run_on_worker(Plan plan);
  asio::awaitable<bool> await_deferred(Response& response);
  asio::awaitable<void> watch_hangup(std::shared_ptr<Connection> self, std::function<void()> gone);
  asio::awaitable<bool> deliver(Response response);
  asio::awaitable<bool> finish_body();
  asio::awaitable<void> upgrade(Response response);
  asio::awaitable<void> linger();
  int websocket_refused(std::string& reason) const;
  void refuse(int status, std::string_view text);
  void send_on_worker(Job& job);
  Parser::Step feed();

  std::shared_ptr<ServerShared> shared_;
  asio::io_context& io_;
  std::unique_ptr<Link> link_;
  Parser parser_{Parser::Type::request};
  size_t consumed_ = 0;      // of link_->input
  Request request_;
  ReplyForm form_;
  std::string out_;          // answers not yet sent: pipelined requests get theirs in one write
  bool body_done_ = true;
  bool expects_continue_ = false;
  bool idle_ = true;
  bool taken_over_ = false;
  bool readable_ = false;    // known already: the next wait for input may be left out
};

}  // namespace http
