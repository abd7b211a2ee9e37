import de.bwaldvogel.mongo.MongoBackend;
import de.bwaldvogel.mongo.MongoCollection;
import de.bwaldvogel.mongo.MongoDatabase;
import de.bwaldvogel.mongo.MongoVersion;
import de.bwaldvogel.mongo.backend.CollectionOptions;
import de.bwaldvogel.mongo.backend.QueryResult;
import de.bwaldvogel.mongo.backend.h2.H2Backend;
import de.bwaldvogel.mongo.backend.h2.H2Collection;
import de.bwaldvogel.mongo.backend.h2.H2Database;
import de.bwaldvogel.mongo.bson.Document;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.stream.Collectors;
import org.h2.mvstore.MVStore;
import org.h2.mvstore.MVStoreException;

/** The file while it is open: MVStore closes itself for good when a write fails, and then another takes its place. */
final class OpenFile {
    /** Longer than any scan: a page that a running scan may still read must not be overwritten. */
    private static final int RETENTION_MILLIS = 10_000;

    final MVStore store;
    final MongoBackend backend;
    volatile MVStoreException failure;
    /** Writing commands are numbered; what was begun may be visible to whoever reads here. */
    private volatile long begun;
    private volatile long committed;
    /** The newest command that may write any document, and the newest for each document that is not committed. */
    private volatile long anywhere;
    private final Map<String, Long> uncommitted = new ConcurrentHashMap<>();

    OpenFile(String path, MongoVersion version) {
        // A commit in the midst of a command could keep an index entry without its document, so none is automatic.
        store = new MVStore.Builder().fileName(path).autoCommitDisabled().autoCommitBufferSize(0).open();
        store.setRetentionTime(RETENTION_MILLIS);
        backend = new Backend(store).version(version);
    }

    /** The number of a writing command, given before it writes; `documents` null stands for any. */
    long begin(List<String> documents) {
        begun++;
        if (documents == null) {
            anywhere = begun;
        } else {
            documents.forEach(document -> uncommitted.put(document, begun));
        }
        return begun;
    }

    /** The newest command whose writes a reader of these documents may have seen. */
    long newest(List<String> documents) {
        if (documents == null) {
            return begun;
        }
        return documents.stream().mapToLong(document -> uncommitted.getOrDefault(document, 0L))
                .reduce(anywhere, Math::max);
    }

    boolean has(long number) {
        return committed >= number;
    }

    void committed() {
        committed = begun;
        uncommitted.clear();
    }

    private static final class Backend extends H2Backend {
        private Backend(MVStore store) {
            super(store);
        }

        @Override
        protected MongoDatabase openOrCreateDatabase(String name) {
            return new Database(name);
        }

        private final class Database extends H2Database {
            private Database(String name) {
                super(name, getMvStore(), getCursorRegistry());
            }

            @Override
            protected MongoCollection<Object> openOrCreateCollection(String name, CollectionOptions options) {
                String full = getFullCollectionNamespace(name);
                return new H2Collection(this, name, options, getMvStore().openMap("databases." + full),
                        getMvStore().openMap("meta." + full), cursorRegistry) {
                    /** The library changes the documents it has found in place; an answer on its way must not change. */
                    @Override
                    protected QueryResult createQueryResult(List<Document> found, int batchSize) {
                        List<Document> copies = found.stream().map(Document::clone).collect(Collectors.toList());
                        return super.createQueryResult(copies, batchSize);
                    }
                };
            }
        }
    }
}
