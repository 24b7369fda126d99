// Answers that are a line for people, as small APIs give them where they have no document.
#pragma once
#include <string>

#include "http/message.h"

namespace http {

/// `text` and the end of its line, which browsers are told to take for nothing else.
Response plain_text(int status, std::string text);

}  // namespace http
