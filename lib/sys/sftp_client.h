// An SFTP client for an instance's or volume's files, over any byte stream. Blocking; one thread at a time.
#pragma once
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "base/strings.h"
#include "base/unique_fd.h"
#include "sys/sftp_wire.h"

namespace sys::sftp {

/// The stream below. Errors end the connection.
class Channel {
 public:
  virtual ~Channel() = default;
  /// At least one byte; 0 at the end.
  virtual Result<size_t> read(char* into, size_t count) = 0;
  virtual Result<> write(std::string_view bytes) = 0;
  /// Whether send_file() copies nothing through this process.
  virtual bool takes_files() const { return false; }
  /// `count` bytes of `file` from its own offset on.
  virtual Result<> send_file(int file, uint64_t count);
};
/// A connected socket.
std::unique_ptr<Channel> make_channel(UniqueFd fd);

struct Entry {
  std::string name;
  Attributes attributes;
};

/// Errors of all calls: not_found (no such file), forbidden, unsupported, internal with the server's words.
class Client {
 public:
  static Result<Client> connect(std::unique_ptr<Channel> channel);
  Client(Client&&) noexcept;
  Client& operator=(Client&&) noexcept;
  ~Client();

  Result<Attributes> stat(const std::string& path);
  Result<Attributes> lstat(const std::string& path);
  Result<std::string> read_link(const std::string& path);
  Result<std::string> real_path(const std::string& path);
  /// Without "." and "..", in the server's order.
  Result<std::vector<Entry>> list(const std::string& path);

  Result<> set_attributes(const std::string& path, const Attributes& wanted);
  Result<> make_folder(const std::string& path);
  Result<> remove(const std::string& path);         ///< a file or an empty folder
  Result<> remove_folder(const std::string& path);
  /// With everything below it; links are removed, not followed.
  Result<> remove_tree(const std::string& path);
  Result<> rename(const std::string& from, const std::string& to);
  Result<> symlink(const std::string& target, const std::string& path);

  /// Flags: OpenFlag. The handle is valid until close() or the end of the connection.
  Result<std::string> open(const std::string& path, uint32_t flags, uint32_t mode = 0644);
  Result<> close(const std::string& handle);
  Result<Attributes> stat_handle(const std::string& handle);
  /// The whole file from its start, with several requests under way; `sink` gets it in order.
  Result<> read_all(const std::string& handle, const std::function<Result<>(std::string_view)>& sink);
  /// Writes what `source` gives (an empty text ends it) from `offset` on, with several requests under way.
  Result<> write_all(const std::string& handle, uint64_t offset, const std::function<Result<std::string>()>& source);
  /// The same for an open file, from its own offset to its end. `progress` gets the bytes under way.
  Result<> write_file(const std::string& handle, int file, const std::function<void(uint64_t done)>& progress);

 private:
  struct Impl;
  explicit Client(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace sys::sftp
