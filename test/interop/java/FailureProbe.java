import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicInteger;
import org.apache.rocketmq.client.consumer.DefaultMQPullConsumer;
import org.apache.rocketmq.client.consumer.DefaultMQPushConsumer;
import org.apache.rocketmq.client.consumer.listener.ConsumeConcurrentlyStatus;
import org.apache.rocketmq.client.consumer.listener.MessageListenerConcurrently;
import org.apache.rocketmq.client.producer.DefaultMQProducer;
import org.apache.rocketmq.client.producer.LocalTransactionState;
import org.apache.rocketmq.client.producer.TransactionListener;
import org.apache.rocketmq.client.producer.TransactionMQProducer;
import org.apache.rocketmq.common.consumer.ConsumeFromWhere;
import org.apache.rocketmq.common.message.Message;
import org.apache.rocketmq.common.message.MessageClientExt;
import org.apache.rocketmq.common.message.MessageExt;
import org.apache.rocketmq.common.message.MessageQueue;
import org.apache.rocketmq.tools.admin.DefaultMQAdminExt;

/**
 * What becomes of messages that are not handled and of transactions that are not decided, with an official client against the
 * NameServer of the first argument. Prints a line for each step, in a fixed order, to be compared between brokers: nothing in it
 * depends on queues, ids or time. The broker has the delay levels 1s, 2s, 3s and parks a transaction after two checks; the groups
 * probe-policy, probe-queues and probe-none were made before.
 */
public final class FailureProbe {
    private static final long PATIENCE_MS = 40_000;
    private static final String PARKED = "TRANS_CHECK_MAX_TIME_TOPIC";
    private static final PrintStream OUT = System.out;
    private static String namesrv;
    private static DefaultMQProducer producer;
    private static DefaultMQAdminExt admin;

    public static void main(String[] args) throws Exception {
        namesrv = args[0];
        System.setOut(System.err);
        producer = new DefaultMQProducer("probe-producers");
        producer.setNamesrvAddr(namesrv);
        producer.setSendMsgTimeout(20_000);
        producer.start();
        admin = new DefaultMQAdminExt(20_000);
        admin.setNamesrvAddr(namesrv);
        admin.setInstanceName("probe-admin");
        admin.start();
        ExecutorService pool = Executors.newCachedThreadPool();
        List<Future<List<String>>> steps = new ArrayList<>();
        for (Callable<List<String>> step : List.<Callable<List<String>>>of(
            FailureProbe::deadLetters, FailureProbe::batch, FailureProbe::policy, FailureProbe::retryQueues, FailureProbe::noRetryQueue,
            FailureProbe::levels, FailureProbe::transactions)) {
            steps.add(pool.submit(step));
        }
        for (int i = 0; i < steps.size(); i++) {
            try {
                for (String line : steps.get(i).get()) {
                    OUT.println(line);
                }
            } catch (ExecutionException e) {
                e.getCause().printStackTrace();
                OUT.println("step " + i + ": " + e.getCause());
            }
        }
        OUT.flush();
        System.exit(0);
    }

    /** What a consumer was given, in order. */
    private static final class Seen {
        private final List<MessageExt> messages = new ArrayList<>();

        synchronized void add(MessageExt message) {
            messages.add(message);
        }

        synchronized List<MessageExt> all() {
            return new ArrayList<>(messages);
        }

        List<MessageExt> await(int count) throws Exception {
            until(() -> all().size() >= count);
            return all();
        }
    }

    private static void until(Callable<Boolean> condition) throws Exception {
        long deadline = System.currentTimeMillis() + PATIENCE_MS;
        while (!condition.call()) {
            if (System.currentTimeMillis() > deadline) {
                throw new IllegalStateException("waited too long");
            }
            Thread.sleep(50);
        }
    }

    private static void send(String topic, String body) throws Exception {
        producer.send(new Message(topic, "", body, body.getBytes(StandardCharsets.UTF_8)), (queues, m, n) -> queues.get(0), 0);
    }

    private static DefaultMQPushConsumer consumer(String group, String topic) throws Exception {
        DefaultMQPushConsumer consumer = new DefaultMQPushConsumer(group);
        consumer.setNamesrvAddr(namesrv);
        consumer.setInstanceName(group);
        // The retry topic comes into being with the consumer; by default it is found half a minute later.
        consumer.setPollNameServerInterval(1000);
        consumer.setConsumeFromWhere(ConsumeFromWhere.CONSUME_FROM_FIRST_OFFSET);
        consumer.subscribe(topic, "*");
        return consumer;
    }

    /** Fails until a message was tried `failures` times. */
    private static MessageListenerConcurrently failing(int failures, int delayLevel, Seen seen) {
        return (messages, context) -> {
            context.setDelayLevelWhenNextConsume(delayLevel);
            messages.forEach(seen::add);
            return messages.get(0).getReconsumeTimes() < failures ? ConsumeConcurrentlyStatus.RECONSUME_LATER : ConsumeConcurrentlyStatus.CONSUME_SUCCESS;
        };
    }

    private static String shown(List<MessageExt> messages) {
        StringBuilder text = new StringBuilder();
        for (MessageExt m : messages) {
            text.append(' ').append(m.getTopic()).append('/').append(m.getReconsumeTimes()).append('/').append(m.getProperty("DELAY"));
        }
        return text.toString().trim();
    }

    private static String bodies(List<MessageExt> messages) {
        List<String> bodies = new ArrayList<>();
        for (MessageExt m : messages) {
            bodies.add(new String(m.getBody(), StandardCharsets.UTF_8) + m.getReconsumeTimes());
        }
        Collections.sort(bodies);
        return String.join(" ", bodies);
    }

    private static boolean exists(String topic) {
        try {
            return !admin.examineTopicRouteInfo(topic).getQueueDatas().isEmpty();
        } catch (Exception e) {
            return false;
        }
    }

    private static String route(String topic) throws Exception {
        until(() -> exists(topic));
        var queues = admin.examineTopicRouteInfo(topic).getQueueDatas().get(0);
        return "perm " + queues.getPerm() + " read " + queues.getReadQueueNums() + " write " + queues.getWriteQueueNums();
    }

    private static DefaultMQPullConsumer puller(String group) throws Exception {
        DefaultMQPullConsumer pull = new DefaultMQPullConsumer(group);
        pull.setNamesrvAddr(namesrv);
        pull.setInstanceName(group + "-pull");
        pull.start();
        return pull;
    }

    private static List<MessageExt> read(DefaultMQPullConsumer pull, String topic) throws Exception {
        MessageQueue queue = new MessageQueue(topic, "broker-a", 0);
        List<MessageExt> found = pull.pull(queue, "*", 0, 32).getMsgFoundList();
        return found == null ? List.of() : found;
    }

    private static List<String> deadLetters() throws Exception {
        List<String> lines = new ArrayList<>();
        Seen seen = new Seen();
        send("probe-dead", "dead");
        DefaultMQPushConsumer consumer = consumer("probe-dead-group", "probe-dead");
        consumer.setMaxReconsumeTimes(2);
        consumer.registerMessageListener(failing(3, 0, seen));
        consumer.start();
        lines.add("tries: " + shown(seen.await(3)));
        lines.add("retry topic: " + route("%RETRY%probe-dead-group"));
        lines.add("dead-letter topic: " + route("%DLQ%probe-dead-group"));
        DefaultMQPullConsumer pull = puller("probe-dead-group");
        pull.setMaxReconsumeTimes(10);
        until(() -> !read(pull, "%DLQ%probe-dead-group").isEmpty());
        MessageExt dead = read(pull, "%DLQ%probe-dead-group").get(0);
        MessageClientExt first = (MessageClientExt) seen.all().get(0);
        lines.add("dead letter: " + shown(List.of(dead)) + " " + dead.getProperty("RETRY_TOPIC") + " " + dead.getKeys()
            + " " + dead.getMsgId().equals(first.getMsgId()) + " " + first.getOffsetMsgId().equals(dead.getProperty("ORIGIN_MESSAGE_ID")));
        pull.sendMessageBack(dead, 1, "broker-a", "probe-dead-group");
        lines.add("brought back by 36: " + shown(seen.await(4).subList(3, 4)));
        String clientId = consumer.getDefaultMQPushConsumerImpl().getmQClientFactory().getClientId();
        var result = admin.consumeMessageDirectly("probe-dead-group", clientId, "%DLQ%probe-dead-group", ((MessageClientExt) dead).getOffsetMsgId());
        lines.add("brought back by 309: " + result.getConsumeResult() + " " + shown(seen.await(5).subList(4, 5)));
        lines.add("dead letters at last: " + read(pull, "%DLQ%probe-dead-group").size());
        return lines;
    }

    /** The first two of a batch are done, the others are sent back. */
    private static List<String> batch() throws Exception {
        Seen seen = new Seen();
        for (String body : List.of("a", "b", "c", "d")) {
            send("probe-batch", body);
        }
        DefaultMQPushConsumer consumer = consumer("probe-batch-group", "probe-batch");
        consumer.setConsumeMessageBatchMaxSize(4);
        consumer.registerMessageListener((MessageListenerConcurrently) (messages, context) -> {
            context.setDelayLevelWhenNextConsume(1);
            messages.forEach(seen::add);
            if (messages.size() == 4) {
                context.setAckIndex(1);
            }
            return ConsumeConcurrentlyStatus.CONSUME_SUCCESS;
        });
        consumer.start();
        return List.of("batch: " + bodies(seen.await(6)));
    }

    private static List<String> policy() throws Exception {
        Seen seen = new Seen();
        send("probe-policy-topic", "p");
        DefaultMQPushConsumer consumer = consumer("probe-policy", "probe-policy-topic");
        consumer.registerMessageListener(failing(1, 0, seen));
        consumer.start();
        return List.of("retry policy: " + shown(seen.await(2)));
    }

    private static List<String> retryQueues() throws Exception {
        Seen seen = new Seen();
        for (int i = 0; i < 8; i++) {
            send("probe-queues-topic", "q" + i + "-");
        }
        DefaultMQPushConsumer consumer = consumer("probe-queues", "probe-queues-topic");
        consumer.registerMessageListener(failing(1, 1, seen));
        consumer.start();
        return List.of("retry queues: " + bodies(seen.await(16)) + " " + route("%RETRY%probe-queues"));
    }

    private static List<String> noRetryQueue() throws Exception {
        Seen seen = new Seen();
        send("probe-none-topic", "n");
        DefaultMQPushConsumer consumer = consumer("probe-none", "probe-none-topic");
        consumer.registerMessageListener(failing(1, 1, seen));
        consumer.start();
        seen.await(1);
        // The others have their 3 s retries by then.
        Thread.sleep(3500);
        return List.of("no retry queue: tries " + seen.all().size() + " dead letter " + exists("%DLQ%probe-none"));
    }

    private static List<String> levels() throws Exception {
        Seen seen = new Seen();
        send("probe-levels", "now");
        DefaultMQPushConsumer consumer = consumer("probe-levels-group", "probe-levels");
        AtomicInteger early = new AtomicInteger();
        consumer.registerMessageListener((MessageListenerConcurrently) (messages, context) -> {
            for (MessageExt m : messages) {
                String wait = m.getUserProperty("wait");
                if (wait != null && m.getStoreTimestamp() - m.getBornTimestamp() < Long.parseLong(wait)) {
                    early.incrementAndGet();
                }
                seen.add(m);
            }
            return ConsumeConcurrentlyStatus.CONSUME_SUCCESS;
        });
        consumer.start();
        seen.await(1);
        for (int level : new int[] {99, 3, 2, 1}) {
            Message message = new Message("probe-levels", ("l" + level + "-").getBytes(StandardCharsets.UTF_8));
            message.setDelayTimeLevel(level);
            message.putUserProperty("wait", String.valueOf(Math.min(level, 3) * 1000));
            producer.send(message);
        }
        List<MessageExt> all = seen.await(5);
        all.sort((a, b) -> new String(a.getBody()).compareTo(new String(b.getBody())));
        return List.of("levels: " + shown(all) + " early " + early.get());
    }

    private static List<String> transactions() throws Exception {
        List<String> lines = new ArrayList<>();
        ConcurrentHashMap<String, AtomicInteger> checks = new ConcurrentHashMap<>();
        AtomicInteger isResumed = new AtomicInteger();
        TransactionMQProducer sender = new TransactionMQProducer("probe-transactions");
        sender.setNamesrvAddr(namesrv);
        sender.setInstanceName("probe-transactions");
        sender.setTransactionListener(new TransactionListener() {
            @Override
            public LocalTransactionState executeLocalTransaction(Message message, Object arg) {
                return state(message.getUserProperty("local"));
            }

            @Override
            public LocalTransactionState checkLocalTransaction(MessageExt message) {
                String body = new String(message.getBody(), StandardCharsets.UTF_8);
                checks.computeIfAbsent(body, key -> new AtomicInteger()).incrementAndGet();
                return isResumed.get() > 0 ? LocalTransactionState.COMMIT_MESSAGE : state(message.getUserProperty("check"));
            }
        });
        sender.start();
        send("probe-decided", "plain");
        Seen seen = new Seen();
        DefaultMQPushConsumer consumer = consumer("probe-decided-group", "probe-decided");
        consumer.registerMessageListener(failing(0, 1, seen));
        consumer.start();
        for (String[] row : new String[][] {
            {"a-commit", "commit", "none"}, {"b-rollback", "rollback", "none"}, {"c-checked", "none", "commit"}, {"d-never", "none", "none"}}) {
            Message message = new Message("probe-decided", row[0].getBytes(StandardCharsets.UTF_8));
            message.putUserProperty("local", row[1]);
            message.putUserProperty("check", row[2]);
            sender.sendMessageInTransaction(message, null);
        }
        seen.await(3);
        DefaultMQPullConsumer pull = puller("probe-parked");
        until(() -> exists(PARKED) && !read(pull, PARKED).isEmpty());
        lines.add("committed: " + bodies(seen.all()));
        lines.add("checks: a " + checks.containsKey("a-commit") + " b " + checks.containsKey("b-rollback") + " d " + checks.get("d-never").get());
        MessageExt parked = read(pull, PARKED).get(0);
        lines.add("parked: " + new String(parked.getBody()) + " " + parked.getProperty("REAL_TOPIC") + " " + parked.getProperty("TRANSACTION_CHECK_TIMES"));
        String id = ((MessageClientExt) parked).getOffsetMsgId();
        isResumed.set(1);
        boolean once = admin.resumeCheckHalfMessage(PARKED, id);
        seen.await(4);
        lines.add("resumed: " + once + " " + bodies(seen.all()));
        boolean twice = admin.resumeCheckHalfMessage(PARKED, id);
        // More than the interval of checks and the age of a half at its first.
        Thread.sleep(4000);
        lines.add("resumed again: " + twice + " " + bodies(seen.all()));
        return lines;
    }

    private static LocalTransactionState state(String text) {
        if ("commit".equals(text)) {
            return LocalTransactionState.COMMIT_MESSAGE;
        }
        return "rollback".equals(text) ? LocalTransactionState.ROLLBACK_MESSAGE : LocalTransactionState.UNKNOW;
    }
}
