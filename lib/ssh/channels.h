// The sftp sessions of one SSH connection (RFC 4254): bytes between their channels and local sockets, under flow control.
#pragma once
#include <poll.h>

#include <functional>
#include <map>
#include <string>
#include <vector>

#include "base/result.h"
#include "base/unique_fd.h"
#include "ssh/packets.h"
#include "ssh/wire.h"

namespace ssh {

class Channels {
 public:
  /// `open_sftp` gives a connected socket that speaks SFTP.
  Channels(Packets& packets, std::function<Result<UniqueFd>()> open_sftp) : packets_(packets), open_sftp_(std::move(open_sftp)) {}

  /// Handles a message of the connection protocol (90 to 100). Errors: invalid (protocol violation).
  Result<> handle(uint8_t message, Reader& reader);
  /// What to wait for; `may_send`: whether there is room for more output.
  void collect(std::vector<pollfd>& fds, bool may_send) const;
  /// Moves what the local sockets have or take.
  void pump(const std::vector<pollfd>& fds, bool may_send);

 private:
  struct Channel {
    uint32_t remote = 0;       ///< the client's number for it
    uint32_t window = 0;       ///< bytes the client still takes
    uint32_t max_packet = 0;
    UniqueFd socket;           ///< unset until the subsystem runs
    std::string waiting;       ///< from the client, not yet written
    uint32_t granted = 0;      ///< bytes the client may still send
    bool client_ended = false, we_closed = false;
  };

  void open(Reader& reader);
  void request(Channel& channel, Reader& reader);
  void data(Channel& channel, std::string_view bytes);
  void send_from_socket(Channel& channel);
  void write_to_socket(Channel& channel);
  void close(Channel& channel);

  Packets& packets_;
  std::function<Result<UniqueFd>()> open_sftp_;
  std::map<uint32_t, Channel> channels_;
  uint32_t next_ = 0;
};

}  // namespace ssh
