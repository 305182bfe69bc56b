use Mojo::Base -signatures;
use Mojo::IOLoop;
use Mojo::UserAgent;

my $agent = Mojo::UserAgent->new;
$agent->websocket(
  $ARGV[0] => sub ($agent, $tx) {
    return Mojo::IOLoop->stop unless $tx->is_websocket;
    $tx->on(text   => sub ($tx, $bytes) { $tx->send({text   => $bytes}) });
    $tx->on(binary => sub ($tx, $bytes) { $tx->send({binary => $bytes}) });
    $tx->on(finish => sub { Mojo::IOLoop->stop });
  }
);
Mojo::IOLoop->start;
