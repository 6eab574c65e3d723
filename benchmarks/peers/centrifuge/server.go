// The same chat on Centrifuge, the library of the Centrifugo server: its Redis broker for the rooms, SQLite for the rows.
package main

import (
	"context"
	"database/sql"
	"log"
	"net/http"
	"os"
	"strings"

	"github.com/centrifugal/centrifuge"
	_ "github.com/mattn/go-sqlite3"
)

type roomKey struct{}

func openDatabase() *sql.Stmt {
	database, err := sql.Open("sqlite3", "file:"+os.Getenv("DATABASE")+"?_journal_mode=WAL&_synchronous=NORMAL&_busy_timeout=20000")
	check(err)
	// SQLite has one writer at a time, and another connection would only wait for it.
	database.SetMaxOpenConns(1)
	_, err = database.Exec("CREATE TABLE IF NOT EXISTS message (id INTEGER PRIMARY KEY AUTOINCREMENT, room TEXT NOT NULL, text TEXT NOT NULL)")
	check(err)
	insert, err := database.Prepare("INSERT INTO message (room, text) VALUES (?, ?)")
	check(err)
	return insert
}

func makeNode(insert *sql.Stmt) *centrifuge.Node {
	node, err := centrifuge.New(centrifuge.DefaultConfig)
	check(err)
	shard, err := centrifuge.NewRedisShard(node, centrifuge.RedisShardConfig{
		Address: strings.TrimSuffix(strings.TrimPrefix(os.Getenv("REDIS_URL"), "redis://"), "/0"),
	})
	check(err)
	broker, err := centrifuge.NewRedisBroker(node, centrifuge.RedisBrokerConfig{Shards: []*centrifuge.RedisShard{shard}})
	check(err)
	node.SetBroker(broker)
	node.OnConnecting(func(ctx context.Context, event centrifuge.ConnectEvent) (centrifuge.ConnectReply, error) {
		return centrifuge.ConnectReply{
			Credentials:   &centrifuge.Credentials{UserID: event.ClientID},
			Subscriptions: map[string]centrifuge.SubscribeOptions{ctx.Value(roomKey{}).(string): {}},
		}, nil
	})
	node.OnConnect(func(client *centrifuge.Client) {
		room := client.Context().Value(roomKey{}).(string)
		client.OnMessage(func(event centrifuge.MessageEvent) {
			_, err := insert.Exec(room, string(event.Data))
			check(err)
			_, err = node.Publish(room, event.Data)
			check(err)
		})
	})
	check(node.Run())
	return node
}

func check(err error) {
	if err != nil {
		log.Fatal(err)
	}
}

func main() {
	sockets := centrifuge.NewWebsocketHandler(makeNode(openDatabase()), centrifuge.WebsocketConfig{
		CheckOrigin: func(*http.Request) bool { return true },
	})
	http.HandleFunc("/room/", func(writer http.ResponseWriter, request *http.Request) {
		room := strings.Trim(strings.TrimPrefix(request.URL.Path, "/room/"), "/")
		sockets.ServeHTTP(writer, request.WithContext(context.WithValue(request.Context(), roomKey{}, room)))
	})
	check(http.ListenAndServe("127.0.0.1:"+os.Args[1], nil))
}
