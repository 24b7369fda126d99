// TLS inside a unix socket, for clients that act under a certificate instead of as a local user.
#pragma once
#include <functional>

#include "http/server.h"

namespace http {

/// From now on clients of unix listeners may begin with a line STARTTLS and then speak TLS. Call it before the first listener is opened.
/// `identity` is asked for once, at the first of them, on an I/O thread.
void offer_starttls(Server& server, std::function<Result<TlsIdentity>()> identity);

}  // namespace http
