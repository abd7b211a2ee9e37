import de.bwaldvogel.mongo.MongoBackend;
import de.bwaldvogel.mongo.MongoServer;
import de.bwaldvogel.mongo.MongoVersion;
import de.bwaldvogel.mongo.backend.memory.MemoryBackend;
import de.bwaldvogel.mongo.bson.Document;
import io.netty.channel.Channel;
import java.util.List;

/** The embedded document store: speaks MongoDB's wire protocol, in memory or on one durable H2 file. */
public final class StoreServer {
    private static final MongoVersion VERSION = new MongoVersion() {
        @Override
        public List<Integer> getVersionArray() {
            return List.of(5, 0, 0);
        }

        /** Current drivers refuse less; what the library itself reports is 8. */
        @Override
        public int getWireVersion() {
            return 13;
        }
    };

    public static void main(String[] arguments) {
        try {
            serve(arguments);
        } catch (RuntimeException failure) {
            // The library's threads would keep a store alive that nobody can reach.
            failure.printStackTrace();
            System.exit(1);
        }
    }

    /** The command under the name by which the library knows it. */
    static String known(String command) {
        return command.equals("hello") ? "ismaster" : command;
    }

    private static MongoBackend inMemory() {
        return new MemoryBackend() {
            @Override
            public Document handleCommand(Channel channel, String database, String command, Document query) {
                return super.handleCommand(channel, database, known(command), query);
            }
        }.version(VERSION);
    }

    private static void serve(String[] arguments) {
        if (arguments.length < 2 || !arguments[0].equals("--port")) {
            throw new IllegalArgumentException("usage: StoreServer --port N (--memory | --file PATH)");
        }
        boolean durable = arguments.length == 4 && arguments[2].equals("--file");
        MongoBackend backend = durable ? new DurableBackend(arguments[3], VERSION) : inMemory();
        MongoServer server = new MongoServer(backend);
        Runtime.getRuntime().addShutdownHook(new Thread(server::shutdownNow));
        server.bind("127.0.0.1", Integer.parseInt(arguments[1]));
        System.out.println("listening on " + server.getLocalAddress());
    }
}
