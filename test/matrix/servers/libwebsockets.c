#include <libwebsockets.h>
#include <stdlib.h>
#include <string.h>

/* A message with room for the header of its frame. */
struct message {
  struct message *next;
  size_t length;
  int binary;
  unsigned char bytes[];
};

/*
 * The message that arrives, those to be sent, and the one that was sent last: the extension may still read its bytes until
 * the next message can be sent. Reading never stops: with lws_rx_flow_control(), which would bound the queue, libwebsockets
 * 4.1.6 changes compressed messages.
 */
struct session {
  struct message *incoming, *first, **last, *sent;
};

static struct message *lengthen(struct message *message, const void *bytes, size_t length) {
  size_t before = message ? message->length : 0;
  message = realloc(message, sizeof *message + LWS_PRE + before + length);
  memcpy(message->bytes + LWS_PRE + before, bytes, length);
  message->length = before + length;
  return message;
}

static int send_first(struct lws *wsi, struct session *session) {
  struct message *message = session->first;
  if (!message) return 0;
  free(session->sent);
  session->sent = message;
  session->first = message->next;
  if (!session->first) session->last = &session->first;
  int written =
      lws_write(wsi, message->bytes + LWS_PRE, message->length, message->binary ? LWS_WRITE_BINARY : LWS_WRITE_TEXT);
  if (session->first) lws_callback_on_writable(wsi);
  return written < 0 ? -1 : 0;
}

static void forget(struct session *session) {
  free(session->incoming);
  free(session->sent);
  while (session->first) {
    struct message *message = session->first;
    session->first = message->next;
    free(message);
  }
}

static int on_event(struct lws *wsi, enum lws_callback_reasons reason, void *user, void *in, size_t length) {
  struct session *session = user;
  switch (reason) {
  case LWS_CALLBACK_ESTABLISHED:
    session->last = &session->first;
    return 0;
  case LWS_CALLBACK_RECEIVE:
    session->incoming = lengthen(session->incoming, in, length);
    if (!lws_is_final_fragment(wsi) || lws_remaining_packet_payload(wsi)) return 0;
    session->incoming->binary = lws_frame_is_binary(wsi);
    session->incoming->next = NULL;
    *session->last = session->incoming;
    session->last = &session->incoming->next;
    session->incoming = NULL;
    lws_callback_on_writable(wsi);
    return 0;
  case LWS_CALLBACK_SERVER_WRITEABLE:
    return send_first(wsi, session);
  case LWS_CALLBACK_CLOSED:
    forget(session);
    return 0;
  default:
    return 0;
  }
}

static struct lws_protocols protocols[] = {
    {"http", lws_callback_http_dummy, 0, 0}, {"echo", on_event, sizeof(struct session), 65536}, {NULL, NULL, 0, 0}};

static const struct lws_extension extensions[] = {
    {"permessage-deflate", lws_extension_callback_pm_deflate, "permessage-deflate; client_no_context_takeover"}, {NULL, NULL, NULL}};

/* A request without a subprotocol goes to this protocol. */
static const struct lws_protocol_vhost_options is_default = {NULL, NULL, "default", "1"};
static const struct lws_protocol_vhost_options protocol_options = {NULL, &is_default, "echo", ""};

int main(int argc, char **argv) {
  struct lws_context_creation_info info;
  memset(&info, 0, sizeof info);
  info.port = atoi(argv[1]);
  info.iface = "127.0.0.1";
  info.protocols = protocols;
  info.pvo = &protocol_options;
  if (argc > 2) info.extensions = extensions;
  lws_set_log_level(0, NULL);
  struct lws_context *context = lws_create_context(&info);
  if (!context) return 1;
  while (lws_service(context, 0) >= 0) {
  }
}
