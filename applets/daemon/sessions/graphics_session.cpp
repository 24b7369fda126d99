#include "applets/daemon/sessions/graphics_session.h"

namespace incusd {
namespace {

constexpr seconds kConnectTimeout{5};
/// SPICE has about ten kinds of channels; more than this is no viewer.
constexpr size_t kMaxChannels = 64;

}  // namespace

GraphicsSession::GraphicsSession(async::Runtime& runtime, instance::InstancePtr instance)
    : Session(runtime, {"0", "control"}, {"0"}), instance_(std::move(instance)) {}

Result<> GraphicsSession::join(const std::string& secret, std::shared_ptr<http::WebSocket> socket) {
  if (secret != secrets().value("0", "")) return connect(secret, std::move(socket));
  auto* hardware = instance_->runtime()->hardware();
  if (!hardware) return fail(Code::invalid, "VGA console is only supported by virtual machines");
  auto screen = std::make_shared<UniqueFd>(TRY(hardware->graphics(Context::detached(kConnectTimeout))));
  {
    std::lock_guard guard(mutex_);
    std::erase_if(channels_, [](const auto& channel) { return channel.expired(); });
    if (over_ || channels_.size() >= kMaxChannels) return fail(Code::invalid, "The session is over or has too many channels");
    channels_.push_back(socket);
  }
  auto over = [socket, screen] { socket->close(); };
  socket->pump_from(screen->get(), false, over);
  socket->pump_to(screen->get(), over);
  return {};
}

void GraphicsSession::ended(core::Operation&, const Result<>&) {
  std::lock_guard guard(mutex_);
  over_ = true;
  for (const auto& weak : channels_)
    if (auto channel = weak.lock()) channel->close();
}

}  // namespace incusd
