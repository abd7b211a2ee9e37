import de.bwaldvogel.mongo.bson.Document;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Map;

/** Which documents a command reads or writes, as far as it names them by their ids. */
final class Touched {
    private static final Map<String, String> WRITES = Map.of("insert", "documents", "update", "updates",
            "delete", "deletes");

    private Touched() {
    }

    /** The documents by collection and id; null when it may be any. Only text is taken for an id: 1 equals 1.0. */
    static List<String> by(String database, String name, Document command) {
        Collection<?> ids;
        if (name.equals("find")) {
            ids = asked(command.get("filter"));
        } else if (WRITES.containsKey(name)) {
            ids = written(name, command.get(WRITES.get(name)));
        } else {
            return null;
        }
        if (ids == null || !ids.stream().allMatch(String.class::isInstance)) {
            return null;
        }
        String collection = database + "." + command.get(name) + "/";
        List<String> documents = new ArrayList<>(ids.size());
        ids.forEach(id -> documents.add(collection + id));
        return documents;
    }

    private static Collection<?> asked(Object filter) {
        Object id = filter instanceof Document ? ((Document) filter).get("_id") : null;
        if (id instanceof Document && ((Document) id).get("$in") instanceof Collection) {
            return (Collection<?>) ((Document) id).get("$in");
        }
        return id == null ? null : List.of(id);
    }

    private static Collection<?> written(String name, Object parts) {
        List<Object> ids = new ArrayList<>();
        for (Object part : (Collection<?>) parts) {
            Document named = (Document) part;
            ids.add((name.equals("insert") ? named : (Document) named.get("q")).get("_id"));
        }
        return ids;
    }
}
